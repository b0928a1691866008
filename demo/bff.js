import { createClient } from '/api/auth/client.js';

// The page shows what is missing and asks for a click: nobody is sent away unasked.
export const client = createClient({ interaction: 'manual' });

/** Leaves the page to sign in. */
export const signIn = () => client.signIn({ display: 'redirect' });

/** Leaves the page for what only the person can give. */
export const interact = (problem) => client.interact(problem, { display: 'redirect' });

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
