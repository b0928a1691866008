/**
 * Returns undefined if `run` throws, for example because the browser forbids storage, or has cut a popup off from this page.
 */
export function orUndefined<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
