import type { Log, LogLevel, LogRecord } from './log.ts';

/**
 * Log lines that an outage would repeat thousands of times. Equal records are logged at most once a minute, with the
 * number of occurrences since the previous line.
 */
export interface CountedLines {
  /** Counts an occurrence. The first one is logged at once. */
  count(log: Log, level: LogLevel, record: LogRecord): void;
  /**
   * Logs the occurrences not yet logged of each record whose minute is over. Without this call, they are logged only
   * with the next occurrence.
   */
  flush(log: Log): void;
}

const EVERY_MS = 60_000;

export function createCountedLines(monotonicMs: () => number): CountedLines {
  const lines = new Map<string, { level: LogLevel; record: LogRecord; count: number; nextMs: number }>();
  const write = (log: Log, key: string) => {
    const line = lines.get(key);
    if (line === undefined || monotonicMs() < line.nextMs) return;
    if (line.count === 0) {
      lines.delete(key);
      return;
    }
    log(line.level, { ...line.record, count: line.count });
    lines.set(key, { ...line, count: 0, nextMs: monotonicMs() + EVERY_MS });
  };
  return {
    count(log, level, record) {
      const key = JSON.stringify(record);
      const { count = 0, nextMs = Number.NEGATIVE_INFINITY } = lines.get(key) ?? {};
      lines.set(key, { level, record, count: count + 1, nextMs });
      write(log, key);
    },
    flush(log) {
      // Deleting an entry of a Map does not disturb an iteration.
      for (const key of lines.keys()) write(log, key);
    },
  };
}
