import { type Log, toLogLine } from './log.ts';

/** For records that belong to no single invocation. They have no `invocation_id`. */
export const workerLog: Log = (level, record) => {
  // biome-ignore lint/suspicious/noConsole: outside of an invocation there is no other log
  console[level](toLogLine(record));
};
