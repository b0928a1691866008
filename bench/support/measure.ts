import type { Growth, GrowthTask } from '../growth.ts';
import type { CallTimes } from './call-times.ts';
import { compareSystems, expectedSeconds, type Plan } from './compare.ts';
import type { Measurements } from './measurements.ts';
import { countOperations } from './operations.ts';
import { startPinned } from './pinned-process.ts';
import { bundleWorker } from './product.ts';
import { startProgress } from './progress.ts';
import { longPath, shortPath } from './requests.ts';
import { type Rig, withRig } from './rig.ts';
import { measureStarts, START_SECONDS } from './startup.ts';
import { before, type System, systems } from './systems.ts';

export interface RunPlan {
  readonly systems: readonly System[];
  readonly short: Plan;
  readonly long: Plan;
  readonly starts: number;
  readonly callTurns: number;
  readonly growth: Omit<GrowthTask, 'bundle'>;
  /** No round of the comparison begins that would probably end after this time. */
  readonly budgetMinutes: number;
}

const growth = { users: 10_000, activeUsers: 1_000, calls: 10_000 };

export const plans: Readonly<Record<'whole' | 'quick', RunPlan>> = {
  whole: {
    systems,
    short: { path: shortPath, rounds: 7, warmUpSeconds: 3, seconds: 3 },
    long: { path: longPath, rounds: 5, warmUpSeconds: 2, seconds: 2 },
    starts: 10,
    callTurns: 200,
    growth,
    budgetMinutes: 14,
  },
  quick: {
    systems: systems.filter(({ isQuick }) => isQuick),
    short: { path: shortPath, rounds: 3, warmUpSeconds: 2, seconds: 2 },
    long: { path: longPath, rounds: 2, warmUpSeconds: 1.5, seconds: 1.5 },
    starts: 3,
    callTurns: 60,
    growth,
    budgetMinutes: 3.5,
  },
};

/** @param withBefore also measures the product of another checkout */
export async function measure(plan: RunPlan, withBefore: boolean): Promise<Omit<Measurements, 'bundles'>> {
  const startedMs = performance.now();
  const compared = withBefore ? [...plan.systems, before] : plan.systems;
  const pick = (...names: string[]) => compared.filter(({ name }) => names.includes(name));
  const ofLong = pick('control', 'product', 'before');
  const ofStarts = pick('hello', 'product', 'before');
  const partSeconds = { operations: 8, growth: 30, calls: 5 + plan.callTurns / 5 };
  const progress = startProgress(
    partSeconds.operations +
      partSeconds.growth +
      partSeconds.calls +
      plan.starts * ofStarts.length * START_SECONDS +
      expectedSeconds(ofLong, plan.long) +
      expectedSeconds(compared, plan.short),
  );

  progress.step('counting storage operations', partSeconds.operations);
  const actions = await countOperations();
  progress.step('signing in 10,000 users', partSeconds.growth);
  const bundle = await bundleWorker();
  const grown = await askOnce<Growth>('growth.ts', { ...plan.growth, bundle });
  progress.step('cold and warm calls', partSeconds.calls);
  const calls = await askOnce<CallTimes>('cold-call.ts', { turns: plan.callTurns });
  return withRig(async (rig: Rig) => {
    const starts = await measureStarts(ofStarts, plan.starts, rig, progress);
    const long = await compareSystems(ofLong, plan.long, rig, progress);
    const endsAtMs = startedMs + plan.budgetMinutes * 60_000;
    const short = await compareSystems(compared, plan.short, rig, progress, endsAtMs);
    progress.end();
    return { short, long, starts, calls, growth: grown, actions };
  });
}

/** Asks a module that measures in a process of its own. */
async function askOnce<Answer>(module: string, question: unknown): Promise<Answer> {
  const started = startPinned(module, 'system');
  try {
    return await started.ask<Answer>(question);
  } finally {
    await started.stop();
  }
}
