import type { LoadResult, LoadTask } from '../load.ts';
import { type PinnedProcess, startPinned } from './pinned-process.ts';
import { startProgress } from './progress.ts';
import type { Surroundings, Target, Usage } from './system.ts';
import type { System } from './systems.ts';

/** One system in one round. */
export interface Sample {
  readonly system: System;
  readonly round: number;
  readonly requestsPerSecond: number;
  /** CPU time of the system's process for each request. */
  readonly cpuMicros: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssBytes: number;
}

export interface Plan {
  readonly path: string;
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

const CONNECTIONS = 64;

/**
 * Measures every system once a round, each time in a new process and in a random order. A long-lived process has a bias of
 * its own, and a machine has slow minutes.
 */
export async function compareSystems(systems: readonly System[], plan: Plan): Promise<readonly Sample[]> {
  const processes: PinnedProcess[] = [];
  const start = (module: string) => {
    const started = startPinned(module, 'load');
    processes.push(started);
    return started;
  };
  try {
    const { origin: upstreamOrigin } = (await start('upstream.ts').ask('start')) as { origin: string };
    const addresses = (await start('surroundings.ts').ask('start')) as Omit<
      Surroundings,
      'upstreamOrigin' | 'path'
    >;
    const surroundings: Surroundings = { ...addresses, upstreamOrigin, path: plan.path };
    const load = start('load.ts');
    const samples: Sample[] = [];
    const progress = startProgress(plan.rounds * systems.length);
    for (let round = 0; round < plan.rounds; round++) {
      for (const system of shuffled(systems)) {
        progress.step(system.name);
        samples.push(await measure(system, round, plan, surroundings, load));
      }
    }
    progress.end();
    return samples;
  } finally {
    await Promise.all(processes.map((started) => started.stop()));
  }
}

async function measure(
  system: System,
  round: number,
  { warmUpSeconds, seconds }: Plan,
  surroundings: Surroundings,
  load: PinnedProcess,
): Promise<Sample> {
  const running = startPinned(system.module, 'system', ...system.parameters);
  try {
    const target = (await running.ask(surroundings)) as Target;
    const run = async (task: Omit<LoadTask, keyof Target>) => {
      const result = (await load.ask({ ...target, ...task })) as LoadResult;
      if (result.failures.length > 0)
        throw new Error(`${system.name} responded with ${result.failures.join()}.`);
      return result;
    };
    await run({ connections: CONNECTIONS, seconds: warmUpSeconds });
    const before = (await running.ask('usage')) as Usage;
    const result = await run({ connections: CONNECTIONS, seconds });
    const after = (await running.ask('usage')) as Usage;
    return {
      system,
      round,
      requestsPerSecond: result.requests / result.seconds,
      cpuMicros: (after.cpuMicros - before.cpuMicros) / result.requests,
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      rssBytes: after.rssBytes,
    };
  } finally {
    await running.stop();
  }
}

function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ item }) => item);
}
