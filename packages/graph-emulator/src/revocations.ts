/** Until when the tokens of a person, or of everybody, are revoked: continuous access evaluation. */
export interface Revocations {
  /** Tokens of this user, or of everybody, issued until now. A token of this very second counts as issued before. */
  revoke(now: Date, userId?: string): void;
  /** Seconds since 1970 that `nbf` of the user's tokens must have reached; 0 where nothing is revoked. */
  validFrom(userId: string): number;
  forget(): void;
}

export function createRevocations(): Revocations {
  const validFromSeconds = new Map<string | undefined, number>();
  return {
    revoke(now, userId) {
      validFromSeconds.set(userId, Math.floor(now.getTime() / 1000) + 1);
    },
    validFrom: (userId) => Math.max(validFromSeconds.get(userId) ?? 0, validFromSeconds.get(undefined) ?? 0),
    forget() {
      validFromSeconds.clear();
    },
  };
}
