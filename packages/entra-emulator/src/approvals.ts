import { randomUUID } from 'node:crypto';

/** A user's request that an administrator consents to an app. */
export interface ApprovalRequest {
  readonly id: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly userId: string;
  readonly scopes: readonly string[];
  readonly justification: string;
}

/** The requests that no administrator has decided yet. */
export interface ApprovalStore {
  list(): ApprovalRequest[];
  /** A second request of the same user for the same app replaces the first. */
  add(request: Omit<ApprovalRequest, 'id'>): void;
  /** Removes and returns a request that an administrator decides. */
  take(id: string): ApprovalRequest | undefined;
  reset(): void;
}

export function createApprovalStore(): ApprovalStore {
  let waiting: ApprovalRequest[] = [];
  return {
    list: () => [...waiting],
    add(request) {
      const isSame = (other: ApprovalRequest) =>
        other.userId === request.userId && other.clientId === request.clientId;
      waiting = [...waiting.filter((other) => !isSame(other)), { ...request, id: randomUUID() }];
    },
    take(id) {
      const taken = waiting.find((request) => request.id === id);
      waiting = waiting.filter((request) => request !== taken);
      return taken;
    },
    reset() {
      waiting = [];
    },
  };
}
