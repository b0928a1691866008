import type { Directory, Registration } from '@entra-bff/directory';

export interface RoleAssignment {
  readonly userId: string;
  readonly role: string;
  /** If absent, the role of this name in every app. */
  readonly clientId?: string;
}

/** The app roles of the directory with the changes made since the start. */
export interface RoleStore {
  of(userId: string, registration: Registration): string[];
  grant(assignment: RoleAssignment): void;
  remove(assignment: RoleAssignment): void;
  reset(): void;
}

export function createRoleStore(directory: Directory): RoleStore {
  let assigned: Required<RoleAssignment>[] = [];

  const spellOut = ({ userId, role, clientId }: RoleAssignment): Required<RoleAssignment>[] =>
    directory.registrations
      .filter((app) => clientId === undefined || app.clientId === clientId)
      .map((app) => ({ userId, role, clientId: app.clientId }));

  const isSame = (one: RoleAssignment) => (other: RoleAssignment) =>
    one.userId === other.userId && one.role === other.role && one.clientId === other.clientId;

  const store: RoleStore = {
    of: (userId, { clientId }) =>
      assigned.filter((one) => one.userId === userId && one.clientId === clientId).map((one) => one.role),
    grant(assignment) {
      for (const one of spellOut(assignment)) if (!assigned.some(isSame(one))) assigned.push(one);
    },
    remove(assignment) {
      const removed = spellOut(assignment);
      assigned = assigned.filter((one) => !removed.some(isSame(one)));
    },
    reset() {
      assigned = directory.registrations.flatMap((app) =>
        app.roleAssignments.map((one) => ({ ...one, clientId: app.clientId })),
      );
    },
  };
  store.reset();
  return store;
}
