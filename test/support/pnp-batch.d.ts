/**
 * Reads the user, a field of users that no rule names, and a message in one batch of PnPjs.
 * @param behavior sends the calls
 */
export function settlePnpBatch(
  behavior: (instance: never) => unknown,
): Promise<readonly PromiseSettledResult<unknown>[]>;
