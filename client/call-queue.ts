import { untilAborted } from './abort.ts';

/** Runs calls in the order in which they come. If the signal aborts before its turn, a call is not run. */
export type Enqueue = <Value>(run: () => Promise<Value>, signal: AbortSignal) => Promise<Value>;

/** @param limit how many calls run at a time, at least 1 */
export function createCallQueue(limit: number): Enqueue {
  const waiting = new Set<() => void>();
  let running = 0;

  /** Passes the place of a finished call on to the next one. */
  function next(): void {
    const [start] = waiting;
    if (!start) running--;
    else if (waiting.delete(start)) start();
  }

  return async (run, signal) => {
    if (running < limit || running === 0) running++;
    else {
      let start = () => {};
      const turn = new Promise<void>((resolve) => {
        start = resolve;
      });
      waiting.add(start);
      try {
        await untilAborted(turn, signal);
      } catch (reason) {
        // Its turn may have come in the same moment.
        if (!waiting.delete(start)) next();
        throw reason;
      }
    }
    try {
      return await run();
    } finally {
      next();
    }
  };
}
