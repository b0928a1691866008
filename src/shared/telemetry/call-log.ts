import type { Log } from './log.ts';

/** Logs by caller. With them, code of a handler need not pass on the log with each call that it makes. */
const logs = new WeakMap<object, Log>();

/** @param caller the object that a handler is given as its caller */
export function rememberLog(caller: object, log: Log): void {
  logs.set(caller, log);
}

/** @throws {TypeError} if no handler was given this object as its caller, for example a copy of a caller */
export function logOf(caller: object): Log {
  const log = logs.get(caller);
  if (log === undefined) {
    throw new TypeError('Not a caller. Pass on the object that the handler was given, not a copy.');
  }
  return log;
}
