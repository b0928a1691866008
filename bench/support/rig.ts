import type { Profiler } from 'node:inspector';
import { findFreePort } from '../../dev/free-port.ts';
import { UserAgent } from '../../test/support/user-agent.ts';
import { signIn } from '../../test/support/world.ts';
import type { FixedLoop } from '../fixed-loop.ts';
import type { LoadResult, LoadTask } from '../load.ts';
import type { SeenRequest, UpstreamQuestion } from '../upstream.ts';
import { checkSystem } from './check-system.ts';
import { measuredSettings } from './measured-settings.ts';
import { type PinnedProcess, startPinned } from './pinned-process.ts';
import { browserHeaders, type Target, unusedCookie } from './requests.ts';
import type { Surroundings, SystemQuestion, Usage } from './system.ts';
import type { System } from './systems.ts';

/** What all systems share: the load, the upstream, storage and Entra ID. */
export interface Rig {
  readonly load: PinnedProcess;
  readonly addresses: Pick<Surroundings, 'entraOrigin' | 'upstreamOrigin'> & {
    readonly tableConnectionString: string;
  };
  /** Takes a fixed loop's time on the core of the systems. */
  fixedLoop(): Promise<FixedLoop>;
  /** Returns the requests that the upstream receives during the action. */
  watchUpstream(action: () => Promise<unknown>): Promise<readonly SeenRequest[]>;
}

/** Starts a rig, and stops it after `use`. */
export async function withRig<Result>(use: (rig: Rig) => Promise<Result>): Promise<Result> {
  const processes: PinnedProcess[] = [];
  const start = (...parameters: Parameters<typeof startPinned>) => {
    const started = startPinned(...parameters);
    processes.push(started);
    return started;
  };
  try {
    const upstream = start('upstream.ts', 'load');
    const ask = (question: UpstreamQuestion) =>
      upstream.ask<{ origin: string; seen: readonly SeenRequest[] }>(question);
    const { origin: upstreamOrigin } = await ask('origin');
    const others = await start('surroundings.ts', 'load').ask<Omit<Rig['addresses'], 'upstreamOrigin'>>(
      'start',
    );
    const loop = start('fixed-loop.ts', 'system');
    return await use({
      load: start('load.ts', 'load'),
      addresses: { ...others, upstreamOrigin },
      fixedLoop: () => loop.ask<FixedLoop>('run'),
      async watchUpstream(action) {
        await ask('watch');
        await action();
        return (await ask('seen')).seen;
      },
    });
  } finally {
    await Promise.all(processes.map((started) => started.stop()));
  }
}

export async function findSurroundings({ addresses }: Rig): Promise<Surroundings> {
  const { entraOrigin, upstreamOrigin, tableConnectionString } = addresses;
  const port = await findFreePort();
  const settings = measuredSettings({
    bffOrigin: `http://localhost:${port}`,
    entraOrigin,
    graphOrigin: upstreamOrigin,
    tableConnectionString,
  });
  return { port, entraOrigin, upstreamOrigin, settings };
}

/** A system that listens, and has a signed-in user if it has sessions. */
export interface RunningSystem {
  run(task: Pick<LoadTask, 'connections' | 'until'>): Promise<LoadResult>;
  usage(): Promise<Usage>;
  /** Records where the time goes during the action. */
  profile(action: () => Promise<unknown>): Promise<Profiler.Profile>;
}

/** Starts a system in a new process, checks how it responds to a path of Graph, and stops it after `use`. */
export async function withSystem<Result>(
  system: System,
  path: string,
  rig: Rig,
  use: (running: RunningSystem) => Promise<Result>,
): Promise<Result> {
  const running = startSystem(system);
  try {
    const surroundings = await findSurroundings(rig);
    const settings = { ...surroundings.settings, ...system.settings };
    await running.ask({ kind: 'start', surroundings: { ...surroundings, settings } });
    const target = await toTarget(system, `http://localhost:${surroundings.port}`, path);
    const bodyBytes = await checkSystem(system, target, rig.watchUpstream);
    return await use({
      async run(task) {
        const result = await rig.load.ask<LoadResult>({ ...target, ...task, bodyBytes });
        if (result.failures.length > 0)
          throw new Error(`${system.name} responded with ${result.failures.join(', ')}.`);
        return result;
      },
      usage: () => running.ask({ kind: 'usage' }),
      async profile(action) {
        await running.ask({ kind: 'start-profile' });
        await action();
        return running.ask<Profiler.Profile>({ kind: 'stop-profile' });
      },
    });
  } finally {
    await running.stop();
  }
}

export interface SystemProcess {
  ask<Answer = Usage>(question: SystemQuestion): Promise<Answer>;
  stop(): Promise<void>;
}

export function startSystem({ module, parameters }: System): SystemProcess {
  const started = startPinned(module, 'system', ...parameters);
  return { ask: (question) => started.ask(question), stop: () => started.stop() };
}

/** Signs a browser in if the system has sessions. Systems without them receive a cookie of about the same size. */
export async function toTarget(
  { signInPath, pathPrefix }: System,
  origin: string,
  path: string,
): Promise<Target> {
  const browser = new UserAgent(origin);
  if (signInPath !== undefined) await signIn(browser, { user: 'alice', from: signInPath });
  const cookies = [...browser.cookies()].map(([name, value]) => `${name}=${value}`);
  const cookie = cookies.length === 0 ? unusedCookie : cookies.join('; ');
  return { origin, path: `${pathPrefix}${path}`, headers: { ...browserHeaders, cookie } };
}
