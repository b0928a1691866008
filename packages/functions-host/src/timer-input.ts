import type { BindingInfo, RpcData } from './core-types.ts';

/** The input of a timer function. The host writes the names in Pascal case; the library converts them to camel case. */
export function timerInput(binding: BindingInfo): RpcData {
  const now = new Date().toISOString();
  return {
    json: JSON.stringify({
      Schedule: { AdjustForDST: true },
      ScheduleStatus: { Last: now, Next: now, LastUpdated: now },
      IsPastDue: false,
      Expression: binding['schedule'],
    }),
  };
}
