import type { TimerHandler } from '@azure/functions';
import type { Sweep } from '../shared/session/sweep.ts';
import { toLogLine } from '../shared/telemetry/log.ts';

/** Removes expired sessions. A run that fails is repeated by the next; rows that have expired are refused all the same. */
export const sweep =
  (run: Sweep): TimerHandler =>
  async (_timer, context) => {
    await run((level, record) => context[level](toLogLine(record)));
  };
