import type { Log } from './log.ts';

/** The log of each call, by caller. A handler therefore need not pass its log to the Graph client. */
const logs = new WeakMap<object, Log>();

/** @param caller the handler's caller */
export function rememberLog(caller: object, log: Log): void {
  logs.set(caller, log);
}

/** @throws {TypeError} if this object is not the caller of a handler, but for example a copy */
export function logOf(caller: object): Log {
  const log = logs.get(caller);
  if (log === undefined) {
    throw new TypeError("Not a caller. Pass the handler's own caller object, not a copy.");
  }
  return log;
}
