/** Returns a signal that aborts as soon as one of the two aborts. */
export function eitherSignal(...signals: [AbortSignal, AbortSignal]): AbortSignal {
  // Browsers before 2024 do not have `AbortSignal.any`.
  if (AbortSignal.any) return AbortSignal.any(signals);
  const either = new AbortController();
  for (const signal of signals) onAbort(signal, () => either.abort(signal.reason));
  return either.signal;
}

/** Stops waiting if the signal aborts. The work goes on, because other callers may wait for it too. */
export function untilAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | null | undefined,
): Promise<Value> {
  if (!signal) return promise;
  return new Promise<Value>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    onAbort(signal, abort);
    // The signal of the user's calls lives as long as the page.
    void promise.then(resolve, reject).then(() => signal.removeEventListener('abort', abort));
  });
}

function onAbort(signal: AbortSignal, action: () => void): void {
  if (signal.aborted) action();
  signal.addEventListener('abort', action);
}
