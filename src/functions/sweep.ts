import type { TimerHandler } from '@azure/functions';
import type { Sweep } from '../shared/session/sweep.ts';
import { describeError } from '../shared/telemetry/describe-error.ts';
import { type Log, toLogLine } from '../shared/telemetry/log.ts';

/**
 * Removes expired rows from the table. Reads refuse such rows even before they are removed, so a failed run does no harm.
 * @param checkClock throws if this worker's clock is wrong or could not be compared. If the clock were ahead, the run
 * would remove live sessions.
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
