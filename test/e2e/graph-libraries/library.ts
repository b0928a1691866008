import { BffProblem } from 'entra-bff/client';

/** What the test asks of each library, in the page. */
export interface Library {
  me(): Promise<unknown>;
  messages(): Promise<unknown>;
  /** The subjects of all messages, by the library's way of paging. */
  allMessages(): Promise<readonly unknown[]>;
  /** One's name and the subject of one message, in one request. */
  batch(): Promise<readonly unknown[]>;
  forbidden(): Promise<unknown>;
  /** The refusal of the service behind what the library has thrown. */
  problemOf(error: unknown): BffProblem;
  interact(problem: BffProblem): Promise<unknown>;
}

export function requireProblem(error: unknown): BffProblem {
  if (!(error instanceof BffProblem)) throw new Error('not a refusal of the service', { cause: error });
  return error;
}
