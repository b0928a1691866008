/** A structured record, written as one line. It never contains tokens, authorization codes, cookies or personal data. */
export interface LogRecord {
  readonly event: string;
  readonly [field: string]: string | number | boolean | undefined;
}

export type LogLevel = 'info' | 'warn' | 'error';

/** Writes one record to the log of an invocation or of the worker. */
export type Log = (level: LogLevel, record: LogRecord) => void;

/**
 * Returns a log that adds these fields to each record that does not have them.
 * @param fields read for each record, so that changes to them appear in later records
 */
export function withFields(log: Log, fields: Readonly<Record<string, string | undefined>>): Log {
  // The first spread puts the record's fields first, and the last one makes them win.
  return (level, record) => log(level, { ...record, ...fields, ...record });
}

/**
 * Returns one line of JSON, in which no value can start a second line. JSON escapes all characters below U+0020.
 * DEL, the C1 control characters and Unicode's two line separators are escaped here.
 */
export function toLogLine(record: LogRecord): string {
  return JSON.stringify(record).replace(/[\u2028\u2029\u007f-\u009f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
