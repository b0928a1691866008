import { createClient } from '/api/auth/client.js';

export const client = createClient();

/** What Graph itself refused: the service passed it on as it came. */
export class GraphError extends Error {
  name = 'GraphError';

  constructor(status, code, retryAfterSeconds) {
    super(code);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A call that is to succeed. @throws {BffProblem | GraphError} */
export async function readGraph(path) {
  const response = await client.graph(path);
  if (response.ok) return response;
  const answer = await response.json().catch(() => undefined);
  const retryAfter = response.headers.get('retry-after');
  throw new GraphError(
    response.status,
    answer?.error?.code ?? `status ${response.status}`,
    retryAfter === null ? undefined : Number(retryAfter),
  );
}
