import type { Consent, Directory } from '@entra-bff/directory';
import { parseScopes, scopeKey } from './scopes.ts';

export interface ConsentStore {
  list(): Consent[];
  /** Returns the full names of the permissions that the user or the organization has granted to the app. */
  grantedTo(grant: { tenantId: string; clientId: string; userId: string }): Set<string>;
  /** Adds to the existing consent. The scopes may have full or short names. */
  grant(consent: Consent): void;
  /** Removes the consents of a user. Consents of organizations stay. */
  revoke(userId: string): void;
  revokeOrganizations(): void;
  /** Removes permissions, by their full names, from one consent. */
  remove(from: Consent, scopes: readonly string[]): void;
  /** Removes permissions from every consent. The scopes may have full or short names. */
  withdraw(scopes: readonly string[]): void;
  reset(): void;
}

function isSame(one: Consent) {
  return (other: Consent) =>
    one.tenantId === other.tenantId && one.clientId === other.clientId && one.userId === other.userId;
}

export function createConsentStore(directory: Directory): ConsentStore {
  let consents: Consent[] = [];

  const spelledOut = (scopes: readonly string[]): string[] =>
    parseScopes(directory, scopes.join(' ')).scopes.map(scopeKey);

  const store: ConsentStore = {
    list: () => [...consents],
    grantedTo: ({ tenantId, clientId, userId }) =>
      new Set(
        consents
          .filter((consent) => consent.tenantId === tenantId && consent.clientId === clientId)
          .filter((consent) => consent.userId === undefined || consent.userId === userId)
          .flatMap((consent) => consent.scopes),
      ),
    grant(added) {
      const before = consents.find(isSame(added))?.scopes ?? [];
      const scopes = [...new Set([...before, ...spelledOut(added.scopes)])];
      consents = [...consents.filter((consent) => !isSame(added)(consent)), { ...added, scopes }];
    },
    remove(from, removed) {
      consents = consents
        .map((consent) =>
          isSame(from)(consent)
            ? { ...consent, scopes: consent.scopes.filter((scope) => !removed.includes(scope)) }
            : consent,
        )
        .filter(({ scopes }) => scopes.length > 0);
    },
    revoke(userId) {
      consents = consents.filter((consent) => consent.userId !== userId);
    },
    revokeOrganizations() {
      consents = consents.filter((consent) => consent.userId !== undefined);
    },
    withdraw(scopes) {
      const withdrawn = spelledOut(scopes);
      consents = consents.map((consent) => ({
        ...consent,
        scopes: consent.scopes.filter((scope) => !withdrawn.includes(scope)),
      }));
    },
    reset() {
      consents = [];
      for (const { clientId, organizationConsents } of directory.registrations)
        for (const consent of organizationConsents) store.grant({ clientId, ...consent });
    },
  };
  store.reset();
  return store;
}
