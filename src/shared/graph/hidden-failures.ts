/**
 * Failures thrown below Microsoft's client, which hides each of them in another error. That error has the stack of the
 * hidden failure. Nothing else in it tells the failure from an earlier one that was caught (measured).
 */
export class HiddenFailures {
  readonly #kept: unknown[] = [];

  /** @returns the same failure, to be thrown */
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
