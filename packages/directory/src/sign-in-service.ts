/** What an app may do for a user, or for a whole organization if `userId` is absent. */
export interface Consent {
  readonly tenantId: string;
  readonly clientId: string;
  readonly userId?: string;
  /** Full names, for example `https://graph.microsoft.com/User.Read`. */
  readonly scopes: readonly string[];
}

/** What Microsoft Graph reads and changes at the sign-in service, because the real services share one directory. */
export interface SignInService {
  readonly consents: {
    list(): Consent[];
    /** Removes permissions, by their full names, from one consent. */
    remove(consent: Consent, scopes: readonly string[]): void;
  };
  /** Refuses everything that the user's sign-ins have issued so far, as a revocation by an administrator does. */
  revokeSignInSessions(userId: string): void;
}
