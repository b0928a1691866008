import type { Directory } from '@entra-bff/directory';
import { inject, vi } from 'vitest';
import { UserAgent, type WireAnswer } from '../../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type World } from '../../support/world.ts';
import { createFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { openFrontDoor } from './front-door.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-processes.ts';

/** Three workers in separate processes, one public address, and one table behind a proxy that fails on demand. */
export interface Deployment {
  readonly world: World;
  readonly proxy: FaultProxy;
  /** Returns the worker at this position. A killed worker is replaced by the new one. */
  readonly workers: readonly WorkerProcess[];
  worker(at: number): WorkerProcess;
  /** Starts a new process in place of this one, which is killed if it still runs. */
  replace(at: number, environment?: Readonly<Record<string, string>>): Promise<WorkerProcess>;
  /** The same as in a release: starts the new one, sends no further calls to the old one, and lets that finish. */
  rollOut(at: number, environment: Readonly<Record<string, string>>): Promise<void>;
  /** Returns an empty browser at the public address. */
  browser(): UserAgent;
  /** Removes all faults and sets the right time of day. */
  reset(): void;
  close(): Promise<void>;
}

export interface DeploymentOptions {
  readonly directory?: Directory;
  readonly environment?: Readonly<Record<string, string>>;
}

const WORKERS = 3;
const FORGOTTEN_MS = 5 * 60_000;
// Every request reads storage, so that every fault there shows.
const noWorkerCopy = { SESSION_CACHE_SECONDS: '0' };

export async function startDeployment({
  directory,
  environment = {},
}: DeploymentOptions = {}): Promise<Deployment> {
  const world = await startWorld(directory);
  const proxy = createFaultProxy(inject('tableConnectionString'));
  const workers: WorkerProcess[] = [];
  const door = await openFrontDoor(() => workers.filter((worker) => worker.isUp()).map(({ port }) => port));
  const start = async (at: number, more: Readonly<Record<string, string>> = {}) => {
    const name = `worker-${at}`;
    return startWorkerProcess(name, inject('workerBundle'), {
      ...world.settings,
      ...noWorkerCopy,
      ...environment,
      ...more,
      PUBLIC_BASE_URL: door.origin,
      SESSION_TABLE_CONNECTION_STRING: await proxy.open(name),
    });
  };
  workers.push(...(await Promise.all(Array.from({ length: WORKERS }, (_, at) => start(at)))));
  const asAtFirst = { ...world.entra.switches };
  grantSignIn(world);

  const worker = (at: number): WorkerProcess => {
    const found = workers[at];
    if (found === undefined) throw new Error(`no worker ${at}`);
    return found;
  };
  return {
    world,
    proxy,
    workers,
    worker,
    async replace(at, more) {
      await worker(at).kill();
      const next = await start(at, more);
      workers[at] = next;
      return next;
    },
    async rollOut(at, more) {
      const old = worker(at);
      workers[at] = await start(at, more);
      await vi.waitUntil(() => door.openTo(old.port) === 0, { timeout: 20_000, interval: 10 });
      await old.kill();
    },
    browser: () => new UserAgent(door.origin),
    reset() {
      proxy.clear();
      Object.assign(world.entra.switches, asAtFirst);
      for (const lie of ['tokenResponse', 'idTokenClaims', 'idToken', 'keys'] as const) {
        world.entra.intercept[lie] = undefined;
      }
      for (const each of workers.filter((one) => one.isUp())) {
        each.setClock(0);
        // Long enough for all pauses of a worker to end.
        each.pass(FORGOTTEN_MS);
      }
    },
    async close() {
      await Promise.all(workers.map((each) => each.kill()));
      await Promise.all([door.close(), proxy.close(), world.close()]);
    },
  };
}

/** Makes a script's call on one worker, or on the next one at the public address. */
export function call(
  browser: UserAgent,
  worker?: WorkerProcess,
  path = '/api/graph/v1.0/me',
): Promise<WireAnswer> {
  return browser.clone().script('GET', `${worker?.origin ?? ''}${path}`);
}

export function logOut(browser: UserAgent, worker?: WorkerProcess): Promise<WireAnswer> {
  return browser.script('POST', `${worker?.origin ?? ''}/api/auth/logout`, {
    headers: { 'content-length': '0' },
  });
}

/**
 * Signs in with a new browser.
 * @param options.expired its access token has expired already
 * @param options.lifetimeSeconds how long its access token is valid
 */
export async function signedIn(
  { world, browser: newBrowser }: Deployment,
  user: string,
  options: { readonly expired?: boolean; readonly lifetimeSeconds?: number } = {},
): Promise<UserAgent> {
  const browser = newBrowser();
  const { switches } = world.entra;
  const lifetimeSeconds = switches.accessTokenLifetimeSeconds;
  switches.accessTokenLifetimeSeconds = options.expired ? 0 : (options.lifetimeSeconds ?? lifetimeSeconds);
  const page = await signIn(browser, { user });
  switches.accessTokenLifetimeSeconds = lifetimeSeconds;
  if (!browser.cookies().has('session'))
    throw new Error(`not signed in: ${page.status} ${page.body.slice(0, 200)}`);
  return browser;
}

/** Waits for a condition that may be late on a busy machine. */
export const patiently = { timeout: 15_000, interval: 20 };

/** Number of requests to redeem a refresh token. */
export const redemptions = ({ world }: Deployment) => world.entra.count('token', 'refresh_token');
