import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCredentialVerdict } from '../../../src/shared/entra/credential-verdict.ts';
import type { ClockState } from '../../../src/shared/entra/signing-keys.ts';
import { createWorkerChecks } from '../../../src/shared/health/checks.ts';
import type { Expiry } from '../../../src/shared/health/expiry.ts';
import type { Finding } from '../../../src/shared/health/finding.ts';
import { createHealthMonitor } from '../../../src/shared/health/monitor.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const works: Finding = { kind: 'works' };
const readOnly: Finding = { kind: 'failing', error: new Error('secret text'), cure: 'grant the role' };

interface MonitorOptions {
  readonly expiries?: readonly Expiry[];
  readonly runsSweep?: boolean;
}

function startMonitor({ expiries = [], runsSweep = true }: MonitorOptions = {}) {
  const verdict = createCredentialVerdict();
  const asked = { table: 0, credential: 0, self: 0 };
  const answers = { table: works, self: works, accepted: true, assertion: true, keys: true };
  const clock: { state: ClockState } = { state: 'right' };
  const logged: Record<string, unknown>[] = [];
  const failUnless = async (succeeds: boolean) => {
    if (!succeeds) throw new Error('secret text');
  };
  const monitor = createHealthMonitor({
    probeTable: async () => {
      asked.table++;
      return answers.table;
    },
    probeCredential: async () => {
      asked.credential++;
      if (answers.accepted) verdict.recordAccepted();
      else verdict.recordRefused();
    },
    callSelf: async () => {
      asked.self++;
      return answers.self;
    },
    credentialVerdict: verdict,
    workerChecks: createWorkerChecks({
      entra: {
        credential: { check: () => failUnless(answers.assertion) },
        credentialVerdict: verdict,
        signingKeys: { load: () => failUnless(answers.keys), clock: () => clock.state },
      },
      expiries,
      runsSweep,
      now: () => new Date(),
    }),
    monotonicMs: () => Date.now(),
    log: (level, record) => void logged.push({ level, ...record }),
  });
  monitor.start();
  return { monitor, verdict, asked, answers, clock, logged };
}

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

describe('the health monitor', () => {
  it('probes the table once a minute, the credential and the public address once after the start', async () => {
    const { asked, monitor, logged } = startMonitor();
    expect(monitor.table()).toEqual({ kind: 'unknown' });
    await seconds(1);
    expect(asked).toEqual({ table: 1, credential: 1, self: 1 });
    await seconds(59);
    expect(asked).toEqual({ table: 2, credential: 1, self: 1 });
    await seconds(600);
    expect(asked).toEqual({ table: 12, credential: 1, self: 1 });
    expect(logged).toEqual([]);
  });

  it('asks about a refused credential once a minute until it is accepted', async () => {
    const { asked, answers, logged, verdict } = startMonitor();
    await seconds(1);
    // A call of a user brings the refusal.
    verdict.recordRefused();
    answers.accepted = false;
    await seconds(59 + 60);
    expect(asked.credential).toBe(3);
    answers.accepted = true;
    await seconds(300);
    expect(asked.credential).toBe(4);
    expect(logged).toEqual([
      {
        level: 'error',
        event: 'degraded',
        check: 'credential',
        cure: expect.stringContaining('set a valid secret'),
      },
      { level: 'info', event: 'recovered', check: 'credential' },
    ]);
  });

  it('repeats the call to itself once a minute while the keys of the host fail', async () => {
    const { asked, answers, monitor, logged } = startMonitor();
    answers.self = { kind: 'degraded', cure: 'set AzureWebJobsSecretStorageType to files' };
    await seconds(61);
    expect(asked.self).toBe(2);
    expect(monitor.hostKeys().kind).toBe('degraded');
    answers.self = works;
    await seconds(300);
    expect(asked.self).toBe(3);
    expect(logged.map(({ event }) => event)).toEqual(['degraded', 'recovered']);
  });

  it('logs a failure when it begins and every hour, with its fix and without the text of an error', async () => {
    const { answers, logged } = startMonitor();
    answers.table = readOnly;
    await seconds(59 * 60);
    expect(logged).toEqual([
      {
        level: 'error',
        event: 'not-ready',
        check: 'storage',
        cure: 'grant the role',
        cause: expect.not.stringContaining('secret text'),
      },
    ]);
    await seconds(3 * 60);
    expect(logged).toHaveLength(2);
  });

  it('logs every check when it fails and when it works again, without a request', async () => {
    const { answers, clock, logged } = startMonitor({ runsSweep: false });
    Object.assign(answers, { assertion: false, keys: false });
    clock.state = 'wrong';
    await seconds(30 * 60);
    const cause = expect.not.stringContaining('secret text');
    expect(logged).toEqual([
      { level: 'error', event: 'degraded', check: 'credential', cure: expect.any(String), cause },
      { level: 'error', event: 'degraded', check: 'sign-in-keys', cure: expect.any(String), cause },
      { level: 'error', event: 'not-ready', check: 'clock', cure: 'set the clock of this machine' },
      { level: 'error', event: 'degraded', check: 'sweep', cure: expect.stringContaining('never removed') },
    ]);
    Object.assign(answers, { assertion: true, keys: true });
    clock.state = 'right';
    await seconds(60);
    expect(logged.slice(4).map(({ event, check }) => [event, check])).toEqual([
      ['recovered', 'credential'],
      ['recovered', 'sign-in-keys'],
      ['recovered', 'clock'],
    ]);
  });

  it('names the settings of the app too if the credential is refused, because the app may be unknown', async () => {
    const { answers, logged } = startMonitor();
    answers.accepted = false;
    await seconds(1);
    expect(logged).toEqual([
      expect.objectContaining({ cure: expect.stringContaining('ENTRA_CLIENT_ID and ENTRA_TENANT_ID') }),
    ]);
  });

  it('warns of a setting that expires soon, again each day and at each threshold, and after its expiry', async () => {
    vi.setSystemTime('2026-06-01T00:00:00Z');
    const certificate = {
      setting: 'ENTRA_CERTIFICATE',
      expiresAt: new Date('2026-06-09T12:00:00Z'),
      replacement: 'a newer certificate',
    };
    const { logged } = startMonitor({ expiries: [certificate] });
    await seconds(3 * 24 * 3600 - 60);
    expect(logged.map(({ cure }) => cure)).toEqual([
      'ENTRA_CERTIFICATE expires on 2026-06-09, within 30 days; set it to a newer certificate',
      'ENTRA_CERTIFICATE expires on 2026-06-09, within 30 days; set it to a newer certificate',
      // After a day and a half, the next threshold.
      'ENTRA_CERTIFICATE expires on 2026-06-09, within 7 days; set it to a newer certificate',
      'ENTRA_CERTIFICATE expires on 2026-06-09, within 7 days; set it to a newer certificate',
    ]);
    await seconds(6 * 24 * 3600);
    expect(logged.at(-1)?.['cure']).toBe(
      'ENTRA_CERTIFICATE expired on 2026-06-09; set it to a newer certificate',
    );
    expect(logged[0]).toMatchObject({ level: 'warn', event: 'degraded', check: 'expiry' });
  });

  it('never runs twice at a time', async () => {
    const { asked, answers, monitor } = startMonitor();
    let finish: (finding: Finding) => void = () => {};
    Object.defineProperty(answers, 'table', {
      get: () => new Promise<Finding>((resolve) => (finish = resolve)),
    });
    await seconds(200);
    expect(asked.table).toBe(1);
    finish(works);
    await seconds(60);
    expect(asked.table).toBe(2);
    monitor.stop();
  });

  it('lets a readiness check wait for the first run, for five seconds at most', async () => {
    const { monitor, answers } = startMonitor();
    Object.defineProperty(answers, 'table', { get: () => new Promise<Finding>(() => {}) });
    let isOver = false;
    const waiting = monitor.firstRun().then(() => {
      isOver = true;
    });
    await seconds(4.9);
    expect(isOver).toBe(false);
    await seconds(0.2);
    await waiting;
    expect(monitor.table()).toEqual({ kind: 'unknown' });
  });

  it('leaves no timer that would keep the process running, and none after it is stopped', () => {
    vi.useRealTimers();
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const { monitor } = startMonitor();
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before);
    monitor.stop();
    vi.useFakeTimers();
    const stopped = startMonitor();
    stopped.monitor.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
