/** What is logged: one structured record per line. Only names, codes and counts: never tokens, codes, cookies or personal data. */
export interface LogRecord {
  readonly event: string;
  readonly [field: string]: string | number | boolean | undefined;
}

export type LogLevel = 'info' | 'warn' | 'error';

/** Writes one record. What it is bound to (an invocation, the cold start) is the caller's choice. */
export type Log = (level: LogLevel, record: LogRecord) => void;

/**
 * The same log, which adds these fields to each record that does not say them itself.
 * @param fields read at every record: what is learnt on the way is in those that follow
 */
export function withFields(log: Log, fields: Readonly<Record<string, string | undefined>>): Log {
  return (level, record) => log(level, { ...record, ...fields, ...record });
}

/**
 * One line of JSON, so that no value can forge a second line: JSON escapes CR, LF and ANSI's ESC,
 * and the two line separators that JSON leaves alone are escaped here.
 */
export function toLogLine(record: LogRecord): string {
  return JSON.stringify(record).replace(/[\u2028\u2029\u007f-\u009f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
