import { createClient } from '/api/auth/client.js';

// The page explains what is missing. Only a click starts an interaction.
export const client = createClient({ interaction: 'manual' });

/** Signs in by a redirect. */
export const signIn = () => client.signIn({ display: 'redirect' });

/** Lets the user grant what the call needs, by a redirect. */
export const interact = (problem) => client.interact(problem, { display: 'redirect' });

/** A refusal by Graph, which the service forwards unchanged. */
export class GraphError extends Error {
  name = 'GraphError';

  constructor(status, code, retryAfterSeconds) {
    super(code);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Returns a successful response. @throws {BffProblem | GraphError} */
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
