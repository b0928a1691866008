import { expect, it } from 'vitest';
import { compareSystems } from '../../bench/support/compare.ts';
import { toReport } from '../../bench/support/report.ts';
import { bundleApps, systems } from '../../bench/support/systems.ts';
import { isWholeRun } from '../support/scale.ts';

/** The systems in the frame need no installed packages of the bench. Speeds of a busy machine mean nothing. */
it.runIf(isWholeRun)(
  'the bench compares the product with its control and with a fixed response',
  async () => {
    await bundleApps();
    const compared = systems.filter(({ name }) => ['hello', 'control', 'product', 'sample'].includes(name));
    const samples = await compareSystems(compared, {
      path: '/v1.0/me',
      rounds: 1,
      warmUpSeconds: 0.2,
      seconds: 0.5,
    });
    const { table, json } = toReport(samples);
    expect(json.systems.map(({ name }) => name).sort()).toEqual(['control', 'hello', 'product', 'sample']);
    for (const { rps, cpuMicros } of json.systems) expect(Math.min(rps, cpuMicros)).toBeGreaterThan(0);
    expect(json.ratios['product/control']).toBeGreaterThan(0);
    expect(table).toContain('**entra-bff**');
  },
);
