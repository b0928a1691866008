/** Does what a browser may forbid, or a window may have cut off: then it is left undone. */
export function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
