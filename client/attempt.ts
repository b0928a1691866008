/** What may fail, such as what a browser forbids or a window has cut off: then it is left undone. */
export function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
