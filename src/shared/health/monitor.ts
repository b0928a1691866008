import type { CredentialVerdict } from '../entra/credential-verdict.ts';
import { withDeadline } from '../network/deadline.ts';
import { describeError } from '../telemetry/describe-error.ts';
import type { Log } from '../telemetry/log.ts';
import type { Finding, HealthCheck, ReportOptions } from './finding.ts';

/**
 * Runs every check on a timer and logs the findings. No request starts the checks that write, or that request an access
 * token from Entra ID.
 */
export interface HealthMonitor {
  /** Starts the timers. They do not keep the process running. */
  start(): void;
  stop(): void;
  /** Waits for the first run, for a few seconds at most. Does not wait if the monitor was not started. */
  firstRun(): Promise<void>;
  /** Whether a row can be written, read and removed. */
  table(): Finding;
  /** Whether a request with a `code` parameter reaches this service. */
  hostKeys(): Finding;
}

export interface HealthMonitorDependencies {
  readonly probeTable: () => Promise<Finding>;
  readonly probeCredential: () => Promise<void>;
  readonly callSelf: () => Promise<Finding>;
  readonly credentialVerdict: Pick<CredentialVerdict, 'last'>;
  readonly workerChecks: readonly HealthCheck[];
  readonly monotonicMs: () => number;
  readonly log: Log;
}

/** The delay of the first run, so that it does not slow down the first requests of a cold start. */
const FIRST_RUN_MS = 1_000;
const EVERY_MS = 60_000;
const FIRST_RUN_WAIT_MS = 5_000;
const HOUR_MS = 60 * 60_000;

export function createHealthMonitor(dependencies: HealthMonitorDependencies): HealthMonitor {
  const { probeTable, probeCredential, callSelf, credentialVerdict, workerChecks } = dependencies;
  const report = createReport(dependencies);
  let table: Finding = { kind: 'unknown' };
  let hostKeys: Finding = { kind: 'unknown' };
  let runs = 0;
  let isRunning = false;
  let started: PromiseWithResolvers<void> | undefined;
  let timers: NodeJS.Timeout[] = [];

  async function run(): Promise<void> {
    const isFirst = runs++ === 0;
    const asksCredential = isFirst || credentialVerdict.last() === 'refused';
    const callsSelf = isFirst || hostKeys.kind === 'degraded';
    await Promise.all([
      probeTable().then((finding) => {
        table = finding;
      }),
      asksCredential ? probeCredential() : undefined,
      callsSelf
        ? callSelf().then((finding) => {
            hostKeys = finding;
          })
        : undefined,
    ]);
    // After the probes, because the check `credential` returns the verdict that `probeCredential` records.
    const found = await Promise.all(workerChecks.map(async (check) => [check, await check.find()] as const));
    report('storage', table);
    report('host-keys', hostKeys);
    for (const [check, finding] of found) report(check.name, finding, check.report);
  }

  /** Skips this run if the previous one has not ended. */
  function runOnce(): void {
    if (isRunning) return;
    isRunning = true;
    run()
      .catch((error: unknown) => {
        dependencies.log('error', { event: 'health-check-failed', error: describeError(error) });
      })
      .finally(() => {
        isRunning = false;
        started?.resolve();
      });
  }

  return {
    start() {
      started ??= Promise.withResolvers();
      timers = [setTimeout(runOnce, FIRST_RUN_MS).unref(), setInterval(runOnce, EVERY_MS).unref()];
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers = [];
      started?.resolve();
    },
    async firstRun() {
      if (started !== undefined) await withDeadline(started.promise, FIRST_RUN_WAIT_MS).catch(() => {});
    },
    table: () => table,
    hostKeys: () => hostKeys,
  };
}

/** Logs a bad finding when it begins or changes, and every `everyMs` while it lasts. Also logs its end, once. */
function createReport({ monotonicMs, log }: Pick<HealthMonitorDependencies, 'monotonicMs' | 'log'>) {
  const reported = new Map<string, { readonly text: string; readonly atMs: number }>();
  return (
    check: string,
    finding: Finding,
    { level = 'error', everyMs = HOUR_MS }: ReportOptions = {},
  ): void => {
    const isGood = finding.kind === 'works' || finding.kind === 'unknown';
    const before = reported.get(check);
    if (isGood) {
      if (before === undefined || finding.kind === 'unknown') return;
      reported.delete(check);
      log('info', { event: 'recovered', check });
      return;
    }
    const text = `${finding.kind} ${finding.cure ?? ''}`;
    if (before?.text === text && monotonicMs() - before.atMs < everyMs) return;
    reported.set(check, { text, atMs: monotonicMs() });
    log(level, {
      event: finding.kind === 'failing' ? 'not-ready' : 'degraded',
      check,
      ...(finding.cure === undefined ? {} : { cure: finding.cure }),
      ...(finding.error === undefined ? {} : { cause: describeError(finding.error) }),
    });
  };
}
