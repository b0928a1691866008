import { writeFile } from 'node:fs/promises';
import { CONNECTIONS } from './compare.ts';
import { markdownTable } from './markdown-table.ts';
import { type SelfTime, toSelfTimes } from './profile.ts';
import { startProgress } from './progress.ts';
import { shortPath } from './requests.ts';
import { withRig, withSystem } from './rig.ts';
import { bundleOf, profiled } from './systems.ts';

const WARM_UP_SECONDS = 3;
const SECONDS = 6;
const ROWS = 20;

/**
 * Records the profiles of calls under the same load as the comparison. The profiles go to files, for a viewer of flame
 * graphs.
 * @returns tables of the functions that take the most time
 */
export async function profileCalls(folder: string): Promise<string> {
  const progress = startProgress(profiled.length * (WARM_UP_SECONDS + SECONDS + 3));
  const tables: string[] = [];
  await withRig(async (rig) => {
    for (const system of profiled) {
      progress.step(system.title, WARM_UP_SECONDS + SECONDS + 3);
      const { profile, calls } = await withSystem(system, shortPath, rig, async (running) => {
        await running.run({ connections: CONNECTIONS, until: { seconds: WARM_UP_SECONDS } });
        let requests = 0;
        const recorded = await running.profile(async () => {
          const result = await running.run({ connections: CONNECTIONS, until: { seconds: SECONDS } });
          requests = result.requests;
        });
        return { profile: recorded, calls: requests };
      });
      const times = (ownOnly: boolean) => toSelfTimes(profile, calls, bundleOf(system.name), ownOnly);
      tables.push(
        toTable(`${system.title}: self time`, times(false)),
        toTable(`${system.title}: functions of src, with what they call elsewhere`, times(true)),
      );
      const file = `${system.title.toLowerCase().replaceAll(' ', '-')}.cpuprofile`;
      await writeFile(`${folder}${file}`, JSON.stringify(profile));
    }
  });
  progress.end();
  return tables.join('\n\n');
}

function toTable(title: string, times: readonly SelfTime[]): string {
  const rows = times.slice(0, ROWS).map(({ name, microsPerCall }) => [name, microsPerCall.toFixed(1)]);
  return markdownTable([title, 'µs per call'], rows);
}
