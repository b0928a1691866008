/** How long each phase of a request may take. In every phase, a request also ends after its `deadlineMs`. */
export interface PhaseLimits {
  /** Name resolution, connection and TLS. A lost SYN is sent again after 1 and after 3 seconds. */
  readonly connectMs: number;
  /** From the established connection until the response headers have arrived, including sending the request. */
  readonly headMs: number;
  /** From the response headers, or a chunk of the body, to the next chunk. */
  readonly idleMs: number;
}

/** Calls `onTimeout` if the current phase or the whole request takes too long. */
export interface PhaseClock {
  /** Starts a new phase with this limit. */
  enter(limitMs: number): void;
  /** Restarts the timer of the current phase. */
  restart(): void;
  /** Stops the timer of the current phase. Until `enter` is called, only the deadline applies. */
  pause(): void;
  /** Stops all timers. */
  stop(): void;
}

export function startPhaseClock(deadlineMs: number, firstLimitMs: number, onTimeout: () => void): PhaseClock {
  const deadline = setTimeout(onTimeout, deadlineMs);
  let phase: NodeJS.Timeout | undefined;
  let isStopped = false;
  // A phase that may take longer than the whole request needs no timer.
  const start = (limitMs: number) => {
    phase = limitMs < deadlineMs ? setTimeout(onTimeout, limitMs) : undefined;
  };
  start(firstLimitMs);
  return {
    enter(limitMs) {
      clearTimeout(phase);
      if (!isStopped) start(limitMs);
    },
    restart: () => void phase?.refresh(),
    pause: () => clearTimeout(phase),
    stop() {
      isStopped = true;
      clearTimeout(deadline);
      clearTimeout(phase);
    },
  };
}
