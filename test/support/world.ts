import { randomBytes } from 'node:crypto';
import { type Directory, demoClient, demoDirectory, findUserByName } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { type FunctionsHost, type FunctionsHostOptions, startFunctionsHost } from '@entra-bff/functions-host';
import { type GraphEmulator, startGraphEmulator } from '@entra-bff/graph-emulator';
import { inject } from 'vitest';
import { developmentSettings } from '../../dev/development-settings.ts';
import { createFrontend } from '../../dev/frontend.ts';
import type { Environment } from '../../src/shared/config/setting.ts';
import type { System } from '../../src/system.ts';
import { type FaultyTable, withFaults } from './faulty-table.ts';
import { UserAgent, type WireAnswer } from './user-agent.ts';
import type * as WorkerBundle from './worker.ts';

/** One worker of the service in its host, with an adjustable clock and a table that fails on demand. */
export interface Worker {
  readonly host: FunctionsHost;
  readonly origin: string;
  readonly table: FaultyTable;
  /** Every log line of functions, library and host. */
  readonly logLines: string[];
  /** Creates a browser without cookies. */
  browser(): UserAgent;
}

export interface WorkerOptions {
  readonly environment?: Environment;
  /** Additional functions, from `examples` or from a test. */
  readonly extension?: keyof typeof WorkerBundle.extensions;
  readonly extraDecodes?: FunctionsHostOptions['extraDecodes'];
  /** Settings that the host itself reads, and failures of its storage account. */
  readonly host?: Pick<FunctionsHostOptions, 'env' | 'hostStorage' | 'hostStorageTimeoutMs'>;
  /** How far the clock of this worker is ahead of the others. */
  readonly aheadSeconds?: number;
  /** Runs the checks of the worker's own clock, as a deployed worker does. Default: false. */
  readonly startsHealthMonitor?: boolean;
  /** Serves the demo page at `/`. */
  readonly servesDemo?: boolean;
  /** Serves an app of a test in front of the functions. */
  readonly frontend?: FunctionsHostOptions['frontend'];
}

/** Emulators of Entra ID and Graph, a separate table, and the workers that a test starts. */
export interface World {
  readonly entra: EntraEmulator;
  readonly graph: GraphEmulator;
  readonly tableName: string;
  /** The settings of every worker. The first worker adds its address. */
  readonly settings: Record<string, string>;
  /** Moves the clock of all workers and of the emulators. */
  advance(seconds: number): void;
  /** Moves the monotonic clock of all workers, and thus ends their waits. The time of day stays. */
  pass(seconds: number): void;
  /** Stops the monotonic clock of all workers until the result is disposed of. Only `pass` moves it meanwhile. */
  stopTime(): Disposable;
  startWorker(options?: WorkerOptions): Promise<Worker>;
  close(): Promise<void>;
}

/** @param directory other organizations, users and app registrations than those of `npm start` */
export async function startWorld(directory: Directory = demoDirectory): Promise<World> {
  let offsetMs = 0;
  const now = () => new Date(Date.now() + offsetMs);
  const entra = await startTestEmulator({ directory, now });
  const graph = await startGraphEmulator({ directory, entra, now });
  const tableName = `t${randomBytes(8).toString('hex')}`;
  const settings: Record<string, string> = {
    ...developmentSettings(
      {
        bffOrigin: '',
        entraOrigin: entra.origin,
        graphOrigin: graph.origin,
        tableConnectionString: inject('tableConnectionString'),
      },
      {},
    ),
    SESSION_TABLE_NAME: tableName,
  };
  const hosts: FunctionsHost[] = [];
  let passedMs = 0;
  let stoppedAtMs: number | undefined;
  const monotonicMs = () => (stoppedAtMs ?? performance.now()) + passedMs;
  const waits = createWaits(monotonicMs);

  return {
    entra,
    graph,
    tableName,
    settings,
    advance(seconds) {
      offsetMs += seconds * 1000;
    },
    pass(seconds) {
      passedMs += seconds * 1000;
      waits.endDue();
    },
    stopTime() {
      const startedAtMs = performance.now();
      stoppedAtMs = startedAtMs;
      return {
        [Symbol.dispose]() {
          stoppedAtMs = undefined;
          passedMs -= performance.now() - startedAtMs;
        },
      };
    },
    async startWorker(options = {}) {
      const { environment = {}, extraDecodes = 0, servesDemo = false, aheadSeconds = 0 } = options;
      const frontend = servesDemo ? createFrontend({ entra, graph }) : options.frontend;
      const logLines: string[] = [];
      let table: FaultyTable | undefined;
      const port = await freePort();
      // Every worker of a deployment has the same public address. Here it is that of the first worker.
      settings['PUBLIC_BASE_URL'] ||= `http://localhost:${port}`;
      const host = await startFunctionsHost({
        bundle: inject('workerBundle'),
        port,
        extraDecodes,
        ...options.host,
        ...(frontend && { frontend }),
        log: ({ message }) => logLines.push(message),
        prepare(exports) {
          const worker = exports as typeof WorkerBundle;
          const replace = (system: System) => {
            table = withFaults(system.table, worker.BffError);
            return {
              ...system,
              table,
              now: () => new Date(now().getTime() + aheadSeconds * 1000),
              monotonicMs,
              wait: waits.wait,
            };
          };
          worker.register(
            { ...settings, ...environment },
            replace,
            options.extension && worker.extensions[options.extension],
            options.startsHealthMonitor,
          );
        },
      });
      hosts.push(host);
      if (table === undefined) throw new Error('the worker did not register');
      return { host, origin: host.origin, table, logLines, browser: () => new UserAgent(host.origin) };
    },
    async close() {
      await Promise.all(hosts.map((host) => host.close()));
      await Promise.all([entra.close(), graph.close()]);
    },
  };
}

/** Waits that end when their time has come, or when the clock is moved beyond it. */
function createWaits(monotonicMs: () => number) {
  const endings = new Map<() => void, number>();
  return {
    wait(durationMs: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = () => {
        clearTimeout(timer);
        endings.delete(end);
        resolve();
      };
      const timer = setTimeout(end, durationMs);
      endings.set(end, monotonicMs() + durationMs);
      return promise;
    },
    endDue(): void {
      for (const [end, dueMs] of endings) if (dueMs <= monotonicMs()) end();
    },
  };
}

async function freePort(): Promise<number> {
  const { findFreePort } = await import('../../dev/free-port.ts');
  return findFreePort();
}

/**
 * Grants consent for signing in and for further scopes.
 * @param name of the user. If omitted, an administrator consents for all users.
 */
export function grantSignIn(
  { entra }: Pick<World, 'entra'>,
  name?: string,
  more: readonly string[] = [],
): void {
  entra.consents.grant({
    tenantId: demoClient.tenantId,
    clientId: demoClient.clientId,
    ...(name === undefined ? {} : { userId: userId(name.split(' ')[0]?.toLowerCase() ?? '') }),
    scopes: ['openid', 'profile', 'offline_access', 'User.Read', ...more],
  });
}

/** The user's answers on the pages of Entra ID. */
export interface SignInAnswers {
  readonly user: string;
  readonly decision?: 'accept' | 'decline';
  readonly factor?: 'approve' | 'cancel';
  /** Where the sign-in begins. */
  readonly from?: string;
}

/**
 * Signs in as a user does: follows redirects, picks the account and answers the pages of Entra ID.
 * @param answers `user` is the part of the username before the at sign
 * @returns the first page of the service after that
 */
export async function signIn(browser: UserAgent, answers: SignInAnswers): Promise<WireAnswer> {
  return answerEntra(browser, await browser.navigate(answers.from ?? '/api/auth/login'), answers);
}

export async function answerEntra(
  browser: UserAgent,
  first: WireAnswer,
  answers: SignInAnswers,
): Promise<WireAnswer> {
  let page = first;
  for (let step = 0; step < 8 && page.url.hostname === '127.0.0.1'; step++)
    page = await answerPage(browser, page, answers);
  return page;
}

function answerPage(browser: UserAgent, page: WireAnswer, answers: SignInAnswers): Promise<WireAnswer> {
  const { body } = page;
  if (body.includes('name="decision"'))
    return browser.submit(page, { decision: answers.decision ?? 'accept' });
  if (body.includes('name="factor" value="approve"') && body.includes('<button')) {
    if (/<button[^>]*name="factor"/.test(body))
      return browser.submit(page, { factor: answers.factor ?? 'approve' });
  }
  if (/<button[^>]*name="challenge"/.test(body)) return browser.submit(page, { challenge: 'accept' });
  if (/<button[^>]*name="password"/.test(body)) return browser.submit(page, { password: 'update' });
  return browser.submit(page, { account: userId(answers.user) });
}

/** The id of a test user, by the part of the username before the at sign. */
export function userId(name: string): string {
  const user = findUserByName(demoDirectory, name);
  if (user === undefined) throw new Error(`no test user ${name}`);
  return user.id;
}
