/** How long one phase of a request may take, in milliseconds. `deadlineMs` of a request ends it in every phase. */
export interface PhaseLimits {
  /** Name resolution, connection and TLS. A lost SYN is sent again after 1 and after 3 seconds. */
  readonly connectMs: number;
  /** From then until the head of the response has arrived, sending included. The default of .NET's HttpClient is the same. */
  readonly headMs: number;
  /** Between two chunks of the body. */
  readonly idleMs: number;
}

/** Ends a request if its current phase or the whole request takes too long. */
export interface PhaseClock {
  /** Starts a new phase with this limit. */
  enter(limitMs: number): void;
  /** Starts the limit of the current phase again. */
  extend(): void;
  /** Until the next phase, only the deadline counts. */
  pause(): void;
  /** Ends all limits. */
  stop(): void;
}

export function startPhaseClock(deadlineMs: number, firstLimitMs: number, onTimeout: () => void): PhaseClock {
  const deadline = setTimeout(onTimeout, deadlineMs);
  let phase = setTimeout(onTimeout, firstLimitMs);
  let isStopped = false;
  return {
    enter(limitMs) {
      clearTimeout(phase);
      if (!isStopped) phase = setTimeout(onTimeout, limitMs);
    },
    extend: () => phase.refresh(),
    pause: () => clearTimeout(phase),
    stop() {
      isStopped = true;
      clearTimeout(deadline);
      clearTimeout(phase);
    },
  };
}
