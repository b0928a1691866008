import { BffProblem } from 'entra-bff/client';

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
  problemOf(error: unknown): BffProblem;
  interact(problem: BffProblem): Promise<unknown>;
}

export function requireProblem(error: unknown): BffProblem {
  if (!(error instanceof BffProblem)) throw new Error('not a refusal of the service', { cause: error });
  return error;
}
