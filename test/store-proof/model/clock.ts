/** A wait of one worker. */
export interface Timer {
  readonly name: string;
  readonly worker: string;
  readonly dueMs: number;
  ring(): void;
}

/** The world's time. Only the scheduler moves it. */
export interface Clock {
  nowMs(): number;
  moveTo(nowMs: number): void;
  wait(worker: string, durationMs: number): Promise<void>;
  /** Unfinished waits, in the order in which they began. */
  timers(): readonly Timer[];
  end(timer: Timer): void;
}

/** @param coarseMs waits last a multiple of this. A timer may be late, never early. Coarse time keeps runs short. */
export function createClock(startMs: number, coarseMs: number): Clock {
  let nowMs = startMs;
  const running: Timer[] = [];
  const counts = new Map<string, number>();
  return {
    nowMs: () => nowMs,
    moveTo(instantMs) {
      if (instantMs < nowMs) throw new Error('time does not run backwards');
      nowMs = instantMs;
    },
    wait(worker, durationMs) {
      const count = (counts.get(worker) ?? 0) + 1;
      counts.set(worker, count);
      const dueMs = nowMs + Math.ceil(durationMs / coarseMs) * coarseMs;
      return new Promise((ring) => {
        running.push({ name: `${worker} wait ${count}`, worker, dueMs, ring });
      });
    },
    timers: () => running,
    end(timer) {
      running.splice(running.indexOf(timer), 1);
      timer.ring();
    },
  };
}
