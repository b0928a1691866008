/** From when the tokens of a user, or of every user, are valid: continuous access evaluation. */
export interface Revocations {
  /** Revokes the tokens issued until now. A token of this very second counts as issued before. */
  revoke(now: Date, userId?: string): void;
  /** The smallest valid `nbf` of the user's tokens, in seconds since 1970; 0 if nothing is revoked. */
  validFrom(userId: string): number;
  clear(): void;
}

export function createRevocations(): Revocations {
  const validFromSeconds = new Map<string | undefined, number>();
  return {
    revoke(now, userId) {
      validFromSeconds.set(userId, Math.floor(now.getTime() / 1000) + 1);
    },
    validFrom: (userId) => Math.max(validFromSeconds.get(userId) ?? 0, validFromSeconds.get(undefined) ?? 0),
    clear() {
      validFromSeconds.clear();
    },
  };
}
