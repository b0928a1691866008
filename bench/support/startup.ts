import { sendWire } from '../../test/support/user-agent.ts';
import { shuffled } from './compare.ts';
import type { Progress } from './progress.ts';
import { shortPath } from './requests.ts';
import { findSurroundings, type Rig, startSystem, withSystem } from './rig.ts';
import type { System } from './systems.ts';

/** How one process of a system started. */
export interface StartSample {
  readonly name: string;
  readonly round: number;
  /** From the start of the process to the first response. */
  readonly processStartMs: number;
  /** From the order to load the app, in a process that has loaded everything else, to the first response. */
  readonly specializationMs: number;
  /** Resident memory after 1,000 calls. */
  readonly rssBytes: number;
}

const CALLS = 1_000;
const CONNECTIONS = 8;
/** Every app in the development host responds to it, the product even without a session. */
const firstPath = '/api/health/live';

/** The time that one sample probably takes. */
export const START_SECONDS = 5;

/** Starts each system in new processes, once a round and in a random order. */
export async function measureStarts(
  systems: readonly System[],
  rounds: number,
  rig: Rig,
  progress: Progress,
): Promise<readonly StartSample[]> {
  const samples: StartSample[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const system of shuffled(systems)) {
      progress.step(`start ${round + 1} of ${rounds}: ${system.name}`, START_SECONDS);
      const processStartMs = await timeStart(system, rig, 'of the process');
      const specializationMs = await timeStart(system, rig, 'of the app');
      const { rssBytes } = await withSystem(system, shortPath, rig, async ({ run, usage }) => {
        await run({ connections: CONNECTIONS, until: { requests: CALLS } });
        return usage();
      });
      samples.push({ name: system.name, round, processStartMs, specializationMs, rssBytes });
    }
  }
  return samples;
}

/** Azure starts a worker before it knows which app it will run. The later order to load the app is its specialization. */
async function timeStart(system: System, rig: Rig, start: 'of the process' | 'of the app'): Promise<number> {
  const surroundings = await findSurroundings(rig);
  let startedMs = performance.now();
  const running = startSystem(system);
  try {
    if (start === 'of the app') {
      await running.ask({ kind: 'is-loaded' });
      startedMs = performance.now();
    }
    await running.ask({ kind: 'start', surroundings });
    const { status, body } = await sendWire(`http://localhost:${surroundings.port}`, firstPath);
    if (status !== 200) throw new Error(`${system.name} responded with ${status}: ${body.slice(0, 200)}`);
    return performance.now() - startedMs;
  } finally {
    await running.stop();
  }
}
