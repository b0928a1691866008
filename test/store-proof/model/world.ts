import type { LogRecord } from '../../../src/shared/telemetry/log.ts';
import { type Browser, perform } from './activity.ts';
import { canonicalHash } from './canonical-hash.ts';
import { type Clock, createClock } from './clock.ts';
import { earlierThan } from './endings.ts';
import { createMisfortune } from './misfortune.ts';
import { createNetwork, type Message } from './network.ts';
import { comeToRest, setDate } from './one-thread.ts';
import { createRowReader } from './row-reader.ts';
import type { Beginning, Setting } from './setting.ts';
import { createSimulatedIssuer } from './simulated-issuer.ts';
import { createSimulatedTable, keyOf } from './simulated-table.ts';
import { createRepeatableRandom, createWorker, type Worker } from './worker.ts';
import type { ActivityRecord, Choice, World } from './world-state.ts';

interface SimulatedWorker {
  readonly product: Worker;
  readonly now: () => Date;
  /** Everything the worker received, in order. The program is deterministic, so this is its state. */
  readonly history: string[];
  state: 'runs' | 'stalled' | 'dead';
}

export function createWorld(setting: Setting, beginning: Beginning): World {
  const clock: Clock = createClock(beginning.atMs, setting.coarseMs);
  const { nowMs } = clock;
  const issuer = createSimulatedIssuer(setting.issuer, nowMs, beginning.issuer);
  const reader = createRowReader(beginning.secrets);
  const keptAfter = new Map<string, number>();
  const table = createSimulatedTable(nowMs, beginning.versions, (row) => {
    const opened = reader.open(row);
    if (opened.kind !== 'session') return;
    for (const [refreshToken] of opened.content.msalCache.matchAll(/refresh-\w+-\d+-\d+/g)) {
      if (!keptAfter.has(refreshToken)) keptAfter.set(refreshToken, messages.length);
    }
  });
  const network = createNetwork({ table, issuer, nowMs, describeRow: reader.describe });
  const { messages } = network;
  const browsers = new Map(beginning.browsers);
  const logged: { worker: string; record: LogRecord; atStep: number; atMs: number }[] = [];
  const trace: string[] = [];
  const records: ActivityRecord[] = setting.activities.map((activity, index) => ({
    activity,
    index,
    state: 'not begun',
  }));
  const sweeps = setting.activities.some(({ does }) => does === 'sweep');
  let freeTicks = setting.freeTicks;
  let leaps = 0;

  const logOf = (worker: string) => (_level: string, record: LogRecord) => {
    logged.push({ worker, record, atStep: trace.length, atMs: nowMs() });
  };

  const workers = new Map<string, SimulatedWorker>(
    setting.workers.map((name) => {
      const now = () => new Date(nowMs() + (setting.clockSkewMs?.[name] ?? 0));
      const product = createWorker({
        table: network.tableOf(name, now),
        sendHttp: network.sendHttpOf(name),
        now,
        monotonicMs: nowMs,
        wait: (durationMs) => clock.wait(name, durationMs),
        random: createRepeatableRandom(name, reader.addSecret),
        idleSeconds: setting.idleSeconds,
        cacheSeconds: setting.cacheSeconds,
        absoluteSeconds: setting.absoluteSeconds,
        log: logOf(name),
        ...(setting.maxPerUser === undefined ? {} : { maxPerUser: setting.maxPerUser }),
        ...(setting.bug === undefined ? {} : { bug: setting.bug }),
      });
      return [name, { product, now, history: [], state: 'runs' }];
    }),
  );
  const workerOf = (name: string): SimulatedWorker => {
    const worker = workers.get(name);
    if (worker === undefined) throw new Error(`there is no worker ${name}`);
    return worker;
  };
  const runs = ({ worker }: { readonly worker: string }) => workerOf(worker).state === 'runs';

  /** Resumes a worker. Only this worker runs, until it waits again. */
  const wake = async (name: string, told: string, act: () => void) => {
    const worker = workerOf(name);
    worker.history.push(`${nowMs()} ${told}`);
    setDate(worker.now().getTime());
    act();
    await comeToRest();
  };
  const misfortune = createMisfortune(setting, messages, wake);

  const begin = async (record: ActivityRecord) => {
    const { activity, index } = record;
    const { product, now } = workerOf(activity.worker);
    const browser = browsers.get(activity.browser);
    record.state = 'running';
    record.beganAtMs = nowMs();
    record.knowsTableClock = messages.some(
      ({ worker, operation, told, isFailed }) =>
        worker === activity.worker && operation !== 'token' && told && !isFailed,
    );
    if (browser !== undefined) {
      record.browser = browser;
      const loggedOut = loggedOutBefore(record, browser);
      if (loggedOut !== undefined) record.loggedOut = loggedOut;
      const earlier = earlierThan(record, browser, { table, reader, records });
      if (earlier !== undefined) record.earlier = earlier;
    }
    await wake(activity.worker, `activity ${index}`, () => {
      const needs = {
        worker: product,
        issuer,
        browsers,
        now,
        absoluteSeconds: setting.absoluteSeconds,
        log: logOf(activity.worker),
      };
      void perform(activity, needs).then((answer) => {
        record.answer = answer;
        record.answeredAtMs = nowMs();
        record.answeredAtStep = trace.length;
        record.state = 'answered';
      });
    });
  };

  const loggedOutBefore = ({ activity: { worker } }: ActivityRecord, browser: Browser) => {
    const logouts = records.filter(
      (other) =>
        other.activity.does === 'logout' && other.browser === browser && other.answer?.kind === 'done',
    );
    if (logouts.some(({ activity }) => activity.worker === worker)) return 'here';
    return logouts.length > 0 || table.removedAtMs.has(keyOf(browser.row)) ? 'elsewhere' : undefined;
  };

  const mayBegin = ({ activity, state }: ActivityRecord) => {
    if (state !== 'not begun' || workerOf(activity.worker).state !== 'runs') return false;
    return activity.after === undefined || records[activity.after]?.state === 'answered';
  };

  const beginningOf = (record: ActivityRecord): Choice => {
    const { worker, does, browser } = record.activity;
    const name = `${worker} begins ${record.index}: ${does} by ${browser}`;
    return { name, kind: 'step', take: () => begin(record) };
  };

  function messageChoices(message: Message): Choice[] {
    const { name, worker } = message;
    const listens = runs(message) && !message.told;
    const actions: Choice[] = [];
    if (!message.lost && message.appliedAtMs === undefined) {
      actions.push({ name: `${name} is applied`, kind: 'step', take: async () => message.apply() });
    }
    if (!listens) return actions;
    if (nowMs() >= message.deadlineMs) {
      const late = async () => {
        misfortune.befall('late', worker, message);
        await wake(worker, `${name} is late`, () => message.fail());
      };
      actions.push({ name: `${name} is late`, kind: 'step', take: late });
    }
    if (message.appliedAtMs !== undefined) {
      const answer = () => wake(worker, `${name}: ${message.saying}`, () => message.answer());
      actions.push({ name: `${name} is answered`, kind: 'step', take: answer });
    }
    return actions.concat(misfortune.ofMessage(message));
  }

  // After the response to a call, a worker may still be renewing.
  const isBusy = (name: string) =>
    records.some(({ activity, state }) => activity.worker === name && state === 'running') ||
    messages.some(({ worker, told }) => worker === name && !told) ||
    clock.timers().some(({ worker }) => worker === name);

  const kill = (name: string) => {
    workerOf(name).state = 'dead';
    for (const record of records) {
      if (record.activity.worker === name && record.state !== 'answered') {
        record.state = 'died with its worker';
      }
    }
  };

  /** The time of the next wait or deadline, or undefined if time may not move to it. */
  function nextInstantMs(): number | undefined {
    const timers = clock.timers().filter(runs);
    const waiting = messages.filter((message) => runs(message) && !message.told);
    const punctual = waiting.filter((message) => !misfortune.mayBeLate(message));
    const instants = [
      ...timers.map(({ dueMs }) => dueMs),
      ...waiting.filter(misfortune.mayBeLate).map(({ deadlineMs }) => deadlineMs),
    ];
    const next = Math.min(...instants);
    // Timers fire when they are due, and responses meet their deadlines unless `late` is one of the faults.
    if (!Number.isFinite(next) || next <= nowMs()) return undefined;
    if (punctual.some(({ deadlineMs }) => deadlineMs <= next)) return undefined;
    return next;
  }

  function actions(): Choice[] {
    const steps: Choice[] = [];
    for (const [name, worker] of workers) {
      if (worker.state !== 'stalled') continue;
      const resume = async () => {
        worker.state = 'runs';
      };
      steps.push({ name: `${name} resumes`, kind: 'step', take: resume });
    }
    steps.push(...records.filter(mayBegin).map(beginningOf));
    for (const message of messages) steps.push(...messageChoices(message));
    for (const timer of clock.timers().filter(runs)) {
      if (timer.dueMs > nowMs()) continue;
      const ring = () => wake(timer.worker, timer.name, () => clock.end(timer));
      steps.push({ name: `${timer.name} ends`, kind: 'step', take: ring });
    }
    const nextMs = nextInstantMs();
    const others = steps.filter(({ kind }) => kind === 'step');
    if (nextMs !== undefined && (freeTicks > 0 || others.length === 0)) {
      const pass = async () => {
        if (others.length > 0) freeTicks--;
        clock.moveTo(nextMs);
      };
      steps.push({ name: `time passes to ${nextMs - beginning.atMs} ms`, kind: 'time', take: pass });
    }
    const leapMs = setting.leapsMs?.[leaps];
    if (leapMs !== undefined && others.every(({ name }) => name.includes(' begins '))) {
      const leap = async () => {
        leaps++;
        clock.moveTo(nowMs() + leapMs);
      };
      steps.push({ name: `nothing happens for ${leapMs} ms`, kind: 'time', take: leap });
    }
    for (const [name, worker] of workers) {
      if (worker.state !== 'runs' || !isBusy(name)) continue;
      const stall = () => {
        worker.state = 'stalled';
      };
      steps.push(...misfortune.ofWorker(name, { kill: () => kill(name), stall }));
    }
    return steps;
  }

  return {
    setting,
    table,
    issuer,
    reader,
    messages,
    records,
    faults: misfortune.faults,
    logged,
    browsers,
    keptAfter,
    trace,
    nowMs,
    choices: actions,
    unseenChoice() {
      if (freeTicks > 0 || !misfortune.isOver() || setting.cacheSeconds > 0) return undefined;
      // A call begins with a read, which may take long. (A sign-out does more: it drops the
      // worker's cached session at once.)
      const first = records.find(
        (record) =>
          record.activity.does === 'call' && record.activity.after === undefined && mayBegin(record),
      );
      if (first !== undefined) return beginningOf(first);
      for (const [name, { state }] of workers) {
        if (state !== 'runs') continue;
        const waiting = messages.filter(({ worker, told }) => worker === name && !told);
        const own = records.filter(({ activity }) => activity.worker === name);
        const mayHearElse =
          // An activity awaits all its concurrent operations, so the order of their responses does not matter.
          (waiting.length > 1 && own.length > 1) ||
          // A renewal that no call waits for, besides others.
          (waiting.length > 1 && own.some(({ state }) => state === 'answered')) ||
          clock.timers().some(({ worker }) => worker === name) ||
          own.some(({ state }) => state === 'not begun');
        const isSafe = (message: Message) => misfortune.ofMessage(message).length === 0;
        const known = waiting.find((message) => message.appliedAtMs !== undefined && isSafe(message));
        if (known !== undefined && nowMs() < known.deadlineMs && !mayHearElse) {
          return messageChoices(known).find(({ name: choice }) => choice === `${known.name} is answered`);
        }
        // Only the sweep reads the buckets.
        const bucket = sweeps
          ? undefined
          : waiting.find((message) => message.row?.startsWith('expires-') && isSafe(message));
        if (bucket !== undefined && bucket.appliedAtMs === undefined) {
          return messageChoices(bucket).find(({ name: choice }) => choice === `${bucket.name} is applied`);
        }
      }
      return undefined;
    },
    async take(choice) {
      trace.push(choice.name);
      await choice.take();
    },
    stateKey() {
      const parts = [
        nowMs(),
        freeTicks,
        leaps,
        [...workers.values()].map(({ state, history }) => [state, history]),
        // A table does not record the order of writes.
        table
          .versions()
          .map(({ row, etag }) => [keyOf(row), reader.describe(row), etag])
          .sort(byKey),
        [...table.removedAtMs].sort(byKey),
        issuer.state,
        messages
          .filter(({ lost, appliedAtMs, told }) => !lost && !(told && appliedAtMs !== undefined))
          .map(({ name, told, saying }) => [name, told, saying]),
        records.map(({ answer, browser, answeredAtStep: _, ...record }) => [
          record,
          answer?.kind,
          browser?.cookieValue,
        ]),
        misfortune.faults.map(({ kind, worker, message, afterMessages }) => [
          kind,
          worker,
          message?.name,
          // Whether tokens were stored before it. The invariants allow for a fault that happened before.
          [...keptAfter].filter(([, stored]) => stored <= afterMessages).map(([token]) => token),
        ]),
      ];
      return canonicalHash(JSON.stringify(parts));
    },
  };
}

function byKey([left = '']: readonly unknown[], [right = '']: readonly unknown[]): number {
  return String(left) < String(right) ? -1 : 1;
}
