import type { TimerHandler } from '@azure/functions';
import type { Sweep } from '../shared/session/sweep.ts';
import { describeError } from '../shared/telemetry/describe-error.ts';
import { type Log, toLogLine } from '../shared/telemetry/log.ts';

/**
 * Removes expired sessions. If a run fails, the next run repeats it. Expired rows are refused even before they
 * are removed.
 * @param checkClock throws if the clock is wrong, because a clock that is ahead would remove live sessions
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
