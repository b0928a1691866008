import process from 'node:process';
import type { LoadResult } from './load.ts';
import type { Memory, MemoryQuestion } from './memory-worker.ts';
import { checkSystem } from './support/check-system.ts';
import { markdownTable } from './support/markdown-table.ts';
import { startPinned } from './support/pinned-process.ts';
import { shortPath } from './support/requests.ts';
import { findSurroundings, type Rig, toTarget, withRig } from './support/rig.ts';
import { bundleApps, bundleOf, type System, systems } from './support/systems.ts';

const seconds = Number(process.argv[2] ?? 15);
const CONNECTIONS = 64;

/**
 * `npm run measure:memory [seconds]`: what the memory of a worker under load consists of. Each app runs in a new process, with
 * and without an option of V8. Its memory is read after the start, after 1,000 calls, after the load, and after a collection.
 */
const variants = [
  { app: 'hello', nodeOptions: '' },
  { app: 'product', nodeOptions: '' },
  { app: 'hello', nodeOptions: '--max-semi-space-size=1' },
  { app: 'product', nodeOptions: '--max-semi-space-size=1' },
];

await bundleApps();
const rows = await withRig(async (rig) => {
  const measured: string[][] = [];
  for (const { app, nodeOptions } of variants) {
    const system = systems.find(({ name }) => name === app);
    if (system === undefined) throw new Error(`No system is named ${app}.`);
    for (const [when, memory] of Object.entries(await measure(system, nodeOptions, rig))) {
      measured.push([`${app} ${nodeOptions}`.trim(), when, ...toCells(memory)]);
    }
  }
  return measured;
});
console.log(
  markdownTable(['app', 'when', 'resident', 'heap', 'of which young', 'in use', 'buffers', 'rest'], rows),
);

async function measure(system: System, nodeOptions: string, rig: Rig): Promise<Record<string, Memory>> {
  process.env['NODE_OPTIONS'] = nodeOptions;
  const worker = startPinned('memory-worker.ts', 'system', bundleOf(system.name));
  delete process.env['NODE_OPTIONS'];
  const ask = (question: MemoryQuestion) => worker.ask<Memory>(question);
  try {
    const surroundings = await findSurroundings(rig);
    await ask({ kind: 'start', surroundings });
    const target = await toTarget(system, `http://localhost:${surroundings.port}`, shortPath);
    const bodyBytes = await checkSystem(system, target, rig.watchUpstream);
    const started = await ask({ kind: 'memory', afterCollection: false });
    const load = async (until: { seconds: number } | { requests: number }) => {
      const { failures } = await rig.load.ask<LoadResult>({
        ...target,
        connections: CONNECTIONS,
        until,
        bodyBytes,
      });
      if (failures.length > 0) throw new Error(`${system.name} responded with ${failures.join(', ')}.`);
    };
    await load({ requests: 1000 });
    const warm = await ask({ kind: 'memory', afterCollection: false });
    await load({ seconds });
    const underLoad = await ask({ kind: 'memory', afterCollection: false });
    const collected = await ask({ kind: 'memory', afterCollection: true });
    return { started, '1,000 calls': warm, [`${seconds} s of load`]: underLoad, collected };
  } finally {
    await worker.stop();
  }
}

function toCells({ rss, heap, young, used, buffers }: Memory): string[] {
  return [rss, heap, young, used, buffers, rss - heap - buffers].map((bytes) => (bytes / 2 ** 20).toFixed(0));
}
