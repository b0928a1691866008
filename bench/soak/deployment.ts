import { fileURLToPath } from 'node:url';
import type { User } from '@entra-bff/directory';
import { buildApp } from '../../build/bundle.ts';
import { startAzurite } from '../../dev/azurite.ts';
import { developmentSettings } from '../../dev/development-settings.ts';
import { openFrontDoor } from '../../test/store-proof/faults/front-door.ts';
import { type Child, startChild } from './child.ts';
import type { Fault } from './faults.ts';
import type { Plant } from './plants.ts';
import type { Counts, Origins, SurroundingsMessage } from './surroundings-process.ts';
import type { LoggedErrors, WorkerMessage } from './worker-process.ts';

/** The deployed bundle on several workers, with everything that it depends on. */
export interface Deployment {
  /** The public address. Each connection goes to the next worker. */
  readonly origin: string;
  readonly origins: Origins;
  readonly workers: readonly { readonly child: Child; readonly port: number }[];
  /** All processes of the deployment, except the table. */
  readonly processes: readonly Child[];
  fail({ system, mode }: Pick<Fault, 'system'> & { readonly mode: Fault['mode'] | undefined }): Promise<void>;
  count(): Promise<Counts>;
  loggedErrors(): Promise<readonly LoggedErrors[]>;
  close(): Promise<void>;
}

export interface DeploymentOptions {
  readonly workers: number;
  readonly users: readonly User[];
  /** Ids of users whose access tokens have expired when they are issued. */
  readonly expired: readonly string[];
  readonly plants: readonly Plant[];
}

/** Calls to a silent Graph must fail while the fault lasts. `WAIT_MS` in rules.ts depends on this setting. */
const settings = { GRAPH_TIMEOUT_MS: '5000' };

export async function startDeployment({
  workers: workerCount,
  users,
  expired,
  plants,
}: DeploymentOptions): Promise<Deployment> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closeOne of closers.toReversed()) await closeOne();
  };
  try {
    const [bundle, azurite] = await Promise.all([
      buildApp(fileURLToPath(new URL('../../.build/soak/main.cjs', import.meta.url))),
      startAzurite(),
    ]);
    closers.push(azurite.close);
    const tableOrigin = new URL(azurite.endpoint).origin;
    const surroundings = startChild('surroundings', './surroundings-process.ts');
    closers.push(surroundings.stop);
    const ask = (message: SurroundingsMessage) => surroundings.ask(message);
    const origins = (await ask({ kind: 'start', tableOrigin, users, expired, plants })) as Origins;

    const ports: number[] = [];
    const door = await openFrontDoor(() => ports);
    closers.push(door.close);
    const environment = {
      ...developmentSettings(
        {
          bffOrigin: door.origin,
          entraOrigin: origins.entra,
          graphOrigin: origins.graph,
          tableConnectionString: azurite.connectionString.replace(tableOrigin, origins.table),
        },
        {},
      ),
      ...settings,
    };
    const workers: { readonly child: Child; readonly port: number }[] = [];
    for (let at = 1; at <= workerCount; at++) {
      const child = startChild(`worker-${at}`, './worker-process.ts', environment);
      closers.push(child.stop);
      // A fault of a worker is planted in the first one only.
      const message: WorkerMessage = { kind: 'start', bundle, plants: at === 1 ? plants : [] };
      const { port } = (await child.ask(message)) as { port: number };
      ports.push(port);
      workers.push({ child, port });
    }
    return {
      origin: door.origin,
      origins,
      workers,
      processes: [...workers.map(({ child }) => child), surroundings],
      async fail({ system, mode }) {
        await ask({ kind: 'fail', system, mode });
      },
      count: async () => (await ask({ kind: 'count' })) as Counts,
      loggedErrors: () =>
        Promise.all(
          workers
            .filter(({ child }) => child.end === undefined)
            .map(async ({ child }) => (await child.ask({ kind: 'logged' })) as LoggedErrors),
        ),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
