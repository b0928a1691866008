import type { FixedLoop } from '../fixed-loop.ts';
import type { Progress } from './progress.ts';
import { type Rig, withSystem } from './rig.ts';
import type { System } from './systems.ts';

/** One system in one round. */
export interface Sample {
  readonly name: string;
  readonly round: number;
  readonly requestsPerSecond: number;
  /** CPU time of the system's process for each request. */
  readonly cpuMicros: number;
  /** How much of its core the system used. A system with less than all of it was held up by the load. */
  readonly coreShare: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssBytes: number;
  /** The times of the fixed loop before the slot. */
  readonly fixedLoop: FixedLoop;
}

export interface Plan {
  readonly path: string;
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export const CONNECTIONS = 64;

/** The time of a slot without its load: starting, signing in, checking. */
const SLOT_SECONDS = 2;

/** How long a comparison probably takes. */
export function expectedSeconds(systems: readonly System[], plan: Plan): number {
  return plan.rounds * systems.length * slotSeconds(plan);
}

function slotSeconds({ warmUpSeconds, seconds }: Plan): number {
  return warmUpSeconds + seconds + SLOT_SECONDS;
}

/**
 * Measures every system once a round, each time in a new process and in a random order, because a long-lived process is
 * biased and a machine has slow minutes. The measurement of one system in one round is a slot.
 * @param endsAtMs on the monotonic clock. After the first two rounds, no round begins that would probably end later.
 */
export async function compareSystems(
  systems: readonly System[],
  plan: Plan,
  rig: Rig,
  progress: Progress,
  endsAtMs = Number.POSITIVE_INFINITY,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const startedMs = performance.now();
  const endOfNextMs = (rounds: number) => {
    const nowMs = performance.now();
    return nowMs + (nowMs - startedMs) / rounds;
  };
  for (let round = 0; round < plan.rounds && (round < 2 || endOfNextMs(round) <= endsAtMs); round++) {
    for (const system of shuffled(systems)) {
      progress.step(`round ${round + 1} of ${plan.rounds}: ${system.name}`, slotSeconds(plan));
      samples.push(await measure(system, round, plan, rig));
    }
  }
  return samples;
}

async function measure(system: System, round: number, plan: Plan, rig: Rig): Promise<Sample> {
  const fixedLoop = await rig.fixedLoop();
  return withSystem(system, plan.path, rig, async ({ run, usage }) => {
    await run({ connections: CONNECTIONS, until: { seconds: plan.warmUpSeconds } });
    const before = await usage();
    const result = await run({ connections: CONNECTIONS, until: { seconds: plan.seconds } });
    const after = await usage();
    const cpuMicros = after.cpuMicros - before.cpuMicros;
    return {
      name: system.name,
      round,
      requestsPerSecond: result.requests / result.seconds,
      cpuMicros: cpuMicros / result.requests,
      coreShare: cpuMicros / 1e6 / result.seconds,
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      rssBytes: after.rssBytes,
      fixedLoop,
    };
  });
}

export function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ item }) => item);
}
