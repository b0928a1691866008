import { fileURLToPath } from 'node:url';
import { demoDirectory } from '@entra-bff/directory';
import { type EntraEmulator, startEntraEmulator } from '@entra-bff/entra-emulator';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { type GraphEmulator, startGraphEmulator } from '@entra-bff/graph-emulator';
import { bundle } from '../../build/bundle.ts';
import { type Azurite, startAzurite } from '../../dev/azurite.ts';
import { findFreePort } from '../../dev/free-port.ts';
import { createRunning } from '../../dev/running.ts';
import { UserAgent } from '../../test/support/user-agent.ts';
import type * as WorkerBundle from '../../test/support/worker.ts';
import { type CountingForwarder, startCountingForwarder } from './counting-forwarder.ts';
import { measuredSettings } from './measured-settings.ts';

/** The product as `npm start` runs it, with a counter in front of its storage and an adjustable clock. */
export interface MeasuredProduct {
  readonly entra: EntraEmulator;
  readonly graph: GraphEmulator;
  readonly storage: CountingForwarder;
  /** The app with its injectable parts exported, in one CommonJS file. */
  readonly bundle: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Leads to the storage directly, without the counter. */
  readonly tableConnectionString: string;
  /** Moves every clock except the storage's. */
  advance(seconds: number): void;
  /** Starts another worker, which has no sessions in memory. */
  startWorker(): Promise<MeasuredWorker>;
}

export interface MeasuredWorker {
  /** A new browser without cookies, whose requests go to this worker. */
  browser(): UserAgent;
  /** Runs a timer now. */
  runTimer(name: string): Promise<void>;
}

/** Bundles the app with its injectable parts exported. @returns the path of the bundle */
export async function bundleWorker(): Promise<string> {
  const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const outfile = fromRoot('.build/measure.cjs');
  const inject = [fromRoot('test/support/worker-date.ts')];
  await bundle({ entry: fromRoot('test/support/worker.ts'), outfile, inject });
  return outfile;
}

/** Runs `measure` against a started product, and then stops the product, even after an error. */
export async function withProduct(measure: (product: MeasuredProduct) => Promise<void>): Promise<void> {
  const running = createRunning();
  try {
    const azurite: Azurite = await running.add(startAzurite());
    const storage = await running.add(startCountingForwarder(azurite.endpoint));
    let offsetMs = 0;
    const now = () => new Date(Date.now() + offsetMs);
    const entra = await running.add(startEntraEmulator({ directory: demoDirectory, now }));
    const graph = await running.add(startGraphEmulator({ directory: demoDirectory, entra, now }));
    const outfile = await bundleWorker();
    const port = await findFreePort();
    const settings = measuredSettings({
      // Every worker of a deployment has the same public address.
      bffOrigin: `http://localhost:${port}`,
      entraOrigin: entra.origin,
      graphOrigin: graph.origin,
      tableConnectionString: azurite.connectionString.replace(
        new URL(azurite.endpoint).origin,
        storage.origin,
      ),
    });
    let isFirst = true;
    await measure({
      entra,
      graph,
      storage,
      bundle: outfile,
      settings,
      tableConnectionString: azurite.connectionString,
      advance(seconds) {
        offsetMs += seconds * 1000;
      },
      async startWorker() {
        const starting = startFunctionsHost({
          bundle: outfile,
          port: isFirst ? port : 0,
          prepare(exports) {
            const worker = exports as typeof WorkerBundle;
            worker.register(settings, (system) => ({
              ...system,
              now,
              monotonicMs: () => performance.now() + offsetMs,
            }));
          },
        });
        isFirst = false;
        const host = await running.add(starting);
        return { browser: () => new UserAgent(host.origin), runTimer: (name) => host.runTimer(name) };
      },
    });
  } finally {
    await running.stop();
  }
}
