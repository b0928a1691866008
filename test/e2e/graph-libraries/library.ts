import { BffProblem } from 'entra-bff/client';

/** What the test asks of each library, in the page. */
export interface Library {
  me(): Promise<unknown>;
  messages(): Promise<unknown>;
  forbidden(): Promise<unknown>;
  /** The refusal of the service behind what the library has thrown. */
  problemOf(error: unknown): BffProblem;
  interact(problem: BffProblem): Promise<unknown>;
}

export function requireProblem(error: unknown): BffProblem {
  if (!(error instanceof BffProblem)) throw new Error('not a refusal of the service', { cause: error });
  return error;
}
