/**
 * What was thrown below Microsoft's client, which hides it in an error of its own. That error has the stack of what it
 * hides, and nothing else that would tell one failure from an earlier one that was caught (measured).
 */
export class HiddenFailures {
  readonly #kept: unknown[] = [];

  /** @returns the same, to be thrown */
  keep<Failure>(failure: Failure): Failure {
    this.#kept.push(failure);
    return failure;
  }

  /** The failure that this error is, or hides; undefined for any other error. */
  behind(error: unknown): unknown {
    return this.#kept.findLast(
      (kept) =>
        kept === error ||
        (kept instanceof Error &&
          error instanceof Error &&
          kept.stack !== undefined &&
          kept.stack === error.stack),
    );
  }
}
