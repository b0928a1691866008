import type { TimerHandler } from '@azure/functions';
import type { Sweep } from '../shared/session/sweep.ts';
import { describeError } from '../shared/telemetry/describe-error.ts';
import { type Log, toLogLine } from '../shared/telemetry/log.ts';

/**
 * Removes expired sessions. A run that fails is repeated by the next; rows that have expired are refused all the same.
 * @param checkClock a clock that is ahead would remove sessions that live
 */
export const sweep =
  (run: Sweep, checkClock: () => Promise<void>): TimerHandler =>
  async (_timer, context) => {
    const log: Log = (level, record) => context[level](toLogLine(record));
    try {
      await checkClock();
    } catch (error) {
      log('warn', { event: 'sweep-postponed', error: describeError(error) });
      return;
    }
    await run(log);
  };
