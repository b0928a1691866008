/** Reads the user, a field of users that no rule names, and a message in one batch of PnPjs. */
export function settlePnpBatch(
  baseUrl: string,
  send: (url: URL, init: RequestInit) => Promise<Response>,
): Promise<readonly PromiseSettledResult<unknown>[]>;
