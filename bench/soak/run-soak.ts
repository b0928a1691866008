import { setTimeout as delay } from 'node:timers/promises';
import { createSeeded } from '../../test/store-proof/seeded.ts';
import { createCrowd } from '../../test/store-proof/soak/crowd.ts';
import type { Progress } from '../support/progress.ts';
import { type Actions, createActions } from './actions.ts';
import { readDocumentedProblems } from './answer.ts';
import { type Deployment, startDeployment } from './deployment.ts';
import { type Fault, type FaultPlan, planFaults } from './faults.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Crowd, createLoad, type Load } from './load.ts';
import type { Plant } from './plants.ts';
import { type ProcessorTime, startProcessorTime } from './processor-time.ts';
import { judge, nameOf, type Observations, type Tolerance, type Violation } from './rules.ts';
import { createSendCall, type Visitor, VisitorBrowser } from './visitor.ts';
import type { LoggedErrors } from './worker-process.ts';

export interface SoakOptions {
  /** Of the load. Starting, signing in and measuring take about a minute more. */
  readonly seconds: number;
  readonly users: number;
  readonly workers: number;
  readonly seed: number;
  readonly plants: readonly Plant[];
  readonly tolerance: Tolerance;
  /** Calls per second, if the measured limit allows more. */
  readonly maxCallsPerSecond: number;
}

export interface SoakRun {
  readonly options: SoakOptions;
  readonly limitPerSecond: number;
  readonly callsPerSecond: number;
  readonly seen: Observations;
  readonly latenciesMs: Ledger['latenciesMs'];
  /** During the load. */
  readonly processorTime: ProcessorTime;
  readonly redeemedCodes: number;
  /** By worker. */
  readonly loggedErrors: readonly LoggedErrors[];
  readonly violations: readonly Violation[];
}

/** The share of the measured limit at which the load runs. */
const LOAD_SHARE = 0.8;
const LANES = 64;
const SIGN_IN_LANES = 8;
/** The share of the users for calls that need the table. Calls that need Entra ID have as many other users. */
const RESERVED_SHARE = 0.1;
const MIN_RESERVED = 30;

/** The expected seconds of the steps around the load. */
const START_SECONDS = 8;
const SIGN_IN_SECONDS = 15;
const CHECK_SECONDS = 8;

const limitSecondsOf = ({ seconds }: Pick<SoakOptions, 'seconds'>) => ({
  warmUpSeconds: Math.min(4, seconds / 10),
  measuredSeconds: Math.min(8, seconds / 6),
});

/** The units of a run's progress: its expected seconds. */
export function expectedSeconds(options: Pick<SoakOptions, 'seconds'>): number {
  const { warmUpSeconds, measuredSeconds } = limitSecondsOf(options);
  return START_SECONDS + SIGN_IN_SECONDS + warmUpSeconds + measuredSeconds + options.seconds + CHECK_SECONDS;
}

export async function runSoak(options: SoakOptions, progress: Progress): Promise<SoakRun> {
  const { users, workers, plants, tolerance } = options;
  const { crowd: members } = createCrowd(users);
  const reserved = Math.max(MIN_RESERVED, Math.round(users * RESERVED_SHARE));
  const expired = members.slice(0, reserved).map(({ id }) => id);
  progress.step('start', START_SECONDS);
  const deployment = await startDeployment({ workers, users: members, expired, plants });
  try {
    const visitors = members.map((user): Visitor => {
      const browser = new VisitorBrowser(deployment.origin, deployment.origins);
      return { user, browser, state: 'away', generation: 0 };
    });
    const crowd: Crowd = {
      expired: visitors.slice(0, reserved),
      cold: visitors.slice(reserved, 2 * reserved),
      ordinary: visitors.slice(2 * reserved),
    };
    const ledger = createLedger();
    const actions = createActions({
      ledger,
      documented: readDocumentedProblems(),
      workers: deployment.workers.map(({ port }) => createSendCall(port, deployment.origin)),
      plants,
    });
    const load = createLoad({ actions, ledger, crowd, workers, random: createSeeded(options.seed) });
    progress.step(`sign in ${users} users`, SIGN_IN_SECONDS);
    await inLanes(visitors, actions.signIn);
    const { warmUpSeconds, measuredSeconds } = limitSecondsOf(options);
    progress.step('measure the limit', warmUpSeconds + measuredSeconds);
    ledger.phase = 'limit';
    const limitPerSecond = await load.measureLimit(LANES, warmUpSeconds, measuredSeconds);
    ledger.phase = 'quiet';
    const callsPerSecond = Math.min(limitPerSecond * LOAD_SHARE, options.maxCallsPerSecond);
    const used = await underLoad(deployment, { load, ledger, callsPerSecond, options, progress });
    progress.step('check every session', CHECK_SECONDS);
    await checkSessions(visitors, actions, workers);
    progress.end();
    return await toRun(deployment, {
      options,
      ledger,
      load,
      used,
      limitPerSecond,
      callsPerSecond,
      tolerance,
    });
  } finally {
    await deployment.close();
  }
}

interface UnderLoad {
  readonly load: Load;
  readonly ledger: Ledger;
  readonly callsPerSecond: number;
  readonly options: SoakOptions;
  readonly progress: Progress;
}

async function underLoad(
  deployment: Deployment,
  { load, ledger, callsPerSecond, options, progress }: UnderLoad,
) {
  const plan = planFaults(options.seconds);
  const sampler = sampleMemory(deployment);
  const processorTime = startProcessorTime(deployment.processes);
  progress.step(`${Math.round(callsPerSecond)} calls a second`, plan.leadSeconds);
  load.start(callsPerSecond);
  await run(deployment, plan.leadSeconds);
  for (const fault of plan.faults) {
    if (hasEnded(deployment)) break;
    await takeTurn(deployment, { fault, plan, ledger, plants: options.plants, progress });
  }
  await load.stop();
  return { rssBytes: sampler.stop(), processorTime: processorTime.stop() };
}

interface Turn {
  readonly fault: Fault;
  readonly plan: FaultPlan;
  readonly ledger: Ledger;
  readonly plants: readonly Plant[];
  readonly progress: Progress;
}

async function takeTurn(deployment: Deployment, { fault, plan, ledger, plants, progress }: Turn) {
  const { system } = fault;
  const before = await deployment.count();
  progress.step(nameOf(fault), plan.faultSeconds);
  ledger.phase = nameOf(fault);
  const record = ledger.startFault(fault);
  await deployment.fail(fault);
  await run(deployment, plan.faultSeconds);
  const isLate = plants.includes('late-recovery');
  if (!isLate) await deployment.fail({ system, mode: undefined });
  ledger.endFault(record);
  progress.step(`quiet after ${nameOf(fault)}`, plan.quietSeconds);
  ledger.phase = 'quiet';
  const lateSeconds = isLate ? Math.min(8, plan.quietSeconds) : 0;
  await run(deployment, lateSeconds);
  if (isLate) await deployment.fail({ system, mode: undefined });
  await run(deployment, plan.quietSeconds - lateSeconds);
  record.met = (await deployment.count()).met[system] - before.met[system];
}

const hasEnded = ({ workers }: Deployment) => workers.some(({ child }) => child.end !== undefined);

/** Waits while the load goes on. Returns at once if a worker has ended, because the rest of the run would show nothing. */
async function run(deployment: Deployment, seconds: number): Promise<void> {
  const untilMs = performance.now() + seconds * 1000;
  while (performance.now() < untilMs && !hasEnded(deployment))
    await delay(Math.min(250, Math.max(1, untilMs - performance.now())));
}

function sampleMemory({ workers }: Deployment) {
  const samples = new Map(workers.map(({ child }) => [child.name, [] as number[]]));
  const timer = setInterval(() => {
    for (const { child } of workers) {
      const bytes = child.rssBytes();
      if (bytes !== undefined) samples.get(child.name)?.push(bytes);
    }
  }, 1000);
  return {
    stop() {
      clearInterval(timer);
      return samples;
    },
  };
}

/** At the end, each user is signed in, and must be so on every worker. */
async function checkSessions(visitors: readonly Visitor[], actions: Actions, workers: number): Promise<void> {
  await inLanes(visitors, async (visitor) => {
    if (visitor.state === 'away') await actions.signIn(visitor);
    for (let worker = 0; worker < workers; worker++) {
      await actions.session(visitor, worker);
      await actions.read(visitor, 'read', worker);
    }
  });
  await actions.checkEnded();
}

async function inLanes<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const lane = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: SIGN_IN_LANES }, lane));
}

interface Ended {
  readonly options: SoakOptions;
  readonly ledger: Ledger;
  readonly load: Load;
  readonly used: Pick<Observations, 'rssBytes'> & Pick<SoakRun, 'processorTime'>;
  readonly limitPerSecond: number;
  readonly callsPerSecond: number;
  readonly tolerance: Tolerance;
}

async function toRun(
  deployment: Deployment,
  { options, ledger, load, used, limitPerSecond, callsPerSecond, tolerance }: Ended,
): Promise<SoakRun> {
  const { redeemedRefreshTokens, redeemedCodes, writes } = await deployment.count();
  const logged = await deployment.loggedErrors();
  const { faults, refusals, breaches, writes: writeStates, served, latenciesMs } = ledger;
  const seen: Observations = {
    faults,
    refusals,
    breaches,
    writes: writeStates,
    effects: new Map(writes),
    processes: deployment.workers.map(({ child: { name, end, errors } }) => ({ name, end, errors })),
    rssBytes: used.rssBytes,
    served,
    arrivals: load.arrivals,
    redeemedRefreshTokens,
  };
  return {
    options,
    limitPerSecond,
    callsPerSecond,
    seen,
    latenciesMs,
    processorTime: used.processorTime,
    redeemedCodes,
    loggedErrors: logged,
    violations: judge(seen, tolerance),
  };
}
