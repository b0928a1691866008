import type { BindingInfo, RpcData } from './core-types.ts';

/** What a timer function gets. The host writes the names with capitals; the library gives them in camel case. */
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
