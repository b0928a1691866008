import type { Directory } from '@entra-bff/directory';
import { parseScopes, scopeKey } from './scopes.ts';

/** Who has allowed which app what. `userId` is absent on a consent for a whole organization. */
export interface Consent {
  readonly tenantId: string;
  readonly clientId: string;
  readonly userId?: string;
  /** Fully spelled, for example `https://graph.microsoft.com/User.Read`. */
  readonly scopes: readonly string[];
}

export interface ConsentStore {
  list(): Consent[];
  /** What the app may do for this user: own consent and the organization's. */
  grantedTo(who: { tenantId: string; clientId: string; userId: string }): Set<string>;
  /** Adds to what is there. Scopes in any spelling. */
  grant(consent: Consent): void;
  /** Takes back what the user allowed. An organization's consent stays. */
  revoke(userId: string): void;
  revokeOrganizations(): void;
  /** Takes these permissions, fully spelled, back from one consent. */
  takeBack(from: Consent, scopes: readonly string[]): void;
  /** Takes these permissions back from everybody and every organization. Scopes in any spelling. */
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
    takeBack(from, taken) {
      consents = consents
        .map((consent) =>
          isSame(from)(consent)
            ? { ...consent, scopes: consent.scopes.filter((scope) => !taken.includes(scope)) }
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
