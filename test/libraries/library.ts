/** What the test does with each library, in the page. `declarations.ts` says what has to come of it. */
export interface Library {
  /** Returns the user, with `displayName`. */
  read(): Promise<unknown>;
  /** Returns the names of the users that a filter with blanks, quotes and an accent finds. */
  filter(): Promise<unknown>;
  /** Returns the subjects of all messages, read with the library's own paging if it has one. */
  pages(): Promise<unknown>;
  /** Reads the user's name and one message in one request. */
  batch(): Promise<unknown>;
  /** Reads the user's name in one request with a part that the policy refuses. Returns the name and the code of the refusal. */
  refusedPart(): Promise<unknown>;
  /** Writes a small file and returns it. */
  upload(): Promise<unknown>;
  /** Writes a file in two pieces to the host of files and returns it. */
  uploadSession(): Promise<unknown>;
  /** Returns the text of a file. */
  download(id: string): Promise<unknown>;
  /** Returns the type of the user's photo, and the word in its first bytes. */
  photo(): Promise<unknown>;
  /** Deletes a message. */
  remove(id: string): Promise<unknown>;
  /** Makes a call that the policy refuses. Returns status, code and whether the problem names a sign-in. */
  refusal(): Promise<unknown>;
  /** Makes a call whose permission is missing. Returns the same. */
  consent(): Promise<unknown>;
}
