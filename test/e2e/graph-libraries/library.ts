import type { BffProblem } from 'entra-bff/client';
import { problemOf } from 'entra-bff/client/graph';

/** The calls that the test makes with each library, in the page. */
export interface Library {
  me(): Promise<unknown>;
  messages(): Promise<unknown>;
  /** Returns the subjects of all messages, read with the library's own paging. */
  allMessages(): Promise<readonly unknown[]>;
  /** Reads the user's name and the subject of one message in one request. */
  batch(): Promise<readonly unknown[]>;
  forbidden(): Promise<unknown>;
  /** Returns the service's problem behind the error that the library has thrown. */
  problemOf(error: unknown): Promise<BffProblem>;
  interact(problem: BffProblem): Promise<unknown>;
}

export async function requireProblem(error: unknown): Promise<BffProblem> {
  const problem = await problemOf(error);
  if (problem === undefined) throw new Error('not a refusal of the service', { cause: error });
  return problem;
}
