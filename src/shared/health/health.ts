import type { RandomBytes } from '../crypto/seal.ts';
import type { Cloud } from '../entra/authority.ts';
import type { Entra } from '../entra/entra.ts';
import type { SendHttp } from '../network/http-request.ts';
import type { SessionStore } from '../session/store.ts';
import type { Table } from '../storage/table.ts';
import { workerLog } from '../telemetry/worker-log.ts';
import { createHealthChecks, createWorkerChecks } from './checks.ts';
import { createCredentialProbe } from './credential-probe.ts';
import type { Expiry } from './expiry.ts';
import type { HealthCheck } from './finding.ts';
import { createHealthMonitor, type HealthMonitor } from './monitor.ts';
import { createSelfCall } from './self-call.ts';
import { createTableProbe } from './table-probe.ts';

export interface HealthOptions {
  readonly publicBaseUrl: string;
  readonly entra: { readonly cloud: Cloud; readonly tenantId: string };
  readonly host: { readonly runsSweep: boolean };
  readonly expiries: readonly Expiry[];
}

export interface HealthDependencies {
  readonly entra: Entra;
  readonly store: SessionStore;
  readonly table: Table;
  readonly sendHttp: SendHttp;
  readonly random: RandomBytes;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
}

/** What this worker knows about its own health. */
export interface Health {
  readonly healthMonitor: HealthMonitor;
  readonly healthChecks: readonly HealthCheck[];
}

export function createHealth(options: HealthOptions, dependencies: HealthDependencies): Health {
  const { expiries, host, publicBaseUrl } = options;
  const { entra, table, sendHttp, random, now } = dependencies;
  const workerChecks = createWorkerChecks({ entra, expiries, ...host, now });
  const healthMonitor = createHealthMonitor({
    ...dependencies,
    ...entra,
    probeTable: createTableProbe(table, random, now),
    probeCredential: createCredentialProbe({ ...options.entra, entra, sendHttp }),
    callSelf: createSelfCall(publicBaseUrl, sendHttp),
    workerChecks,
    log: workerLog,
  });
  const healthChecks = createHealthChecks({ ...dependencies, monitor: healthMonitor, workerChecks });
  return { healthMonitor, healthChecks };
}
