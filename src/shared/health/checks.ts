import type { MsalCredential } from '../entra/client-credential.ts';
import type { CredentialVerdict } from '../entra/credential-verdict.ts';
import type { AuthorityKeys } from '../entra/signing-keys.ts';
import type { SessionStore } from '../session/store.ts';
import { describeExpiry, type Expiry } from './expiry.ts';
import type { Finding, HealthCheck } from './finding.ts';
import type { HealthMonitor } from './monitor.ts';

const DAY_MS = 24 * 60 * 60_000;

export interface WorkerChecksDependencies {
  readonly entra: {
    readonly credential: Pick<MsalCredential, 'check'>;
    readonly credentialVerdict: Pick<CredentialVerdict, 'last'>;
    readonly signingKeys: Pick<AuthorityKeys, 'load' | 'clock'>;
  };
  readonly expiries: readonly Expiry[];
  /** Whether the Functions host runs the timer that removes expired rows. */
  readonly runsSweep: boolean;
  readonly now: () => Date;
}

/**
 * The checks that both the monitor and a readiness request run. They write nothing. They send a request only if Entra
 * ID's signing keys are too old, if the clock was wrong, or if the managed identity's assertion expires soon.
 */
export function createWorkerChecks(dependencies: WorkerChecksDependencies): readonly HealthCheck[] {
  const { entra, expiries, runsSweep, now } = dependencies;
  const { credential, credentialVerdict, signingKeys } = entra;
  return [
    {
      // Never `failing`, because calls with a valid access token still succeed.
      name: 'credential',
      async find() {
        const usable = await findingOf(() => credential.check(), { kind: 'degraded', cure: ASSERTION_CURE });
        return usable.kind === 'works' ? toFinding(credentialVerdict.last()) : usable;
      },
    },
    {
      name: 'sign-in-keys',
      find: () => findingOf(() => signingKeys.load(), { kind: 'degraded', cure: KEYS_CURE }),
    },
    {
      name: 'clock',
      async find() {
        await signingKeys.load().catch(() => {}); // reported by the check `sign-in-keys`
        const clock = signingKeys.clock();
        if (clock === 'right') return { kind: 'works' };
        return clock === 'wrong'
          ? { kind: 'failing', cure: 'set the clock of this machine' }
          : { kind: 'unknown' };
      },
    },
    {
      name: 'expiry',
      report: { level: 'warn', everyMs: DAY_MS },
      find: async () => expiryFinding(expiries, now()),
    },
    {
      name: 'sweep',
      find: async () =>
        runsSweep
          ? { kind: 'works' }
          : {
              kind: 'degraded',
              cure: 'expired sessions are never removed: set AzureWebJobsStorage to a storage account, and remove AzureWebJobs.sweep.Disabled',
            },
    },
  ];
}

const ASSERTION_CURE =
  'the assertion of the app cannot be created: assign the managed identity to this app, or correct ENTRA_MANAGED_IDENTITY_CLIENT_ID';
const KEYS_CURE =
  'the signing keys of Entra ID cannot be read: allow outgoing https requests to the sign-in service';

export interface HealthChecksDependencies {
  readonly store: Pick<SessionStore, 'check'>;
  readonly monitor: Pick<HealthMonitor, 'firstRun' | 'table' | 'hostKeys'>;
  readonly workerChecks: readonly HealthCheck[];
}

/** Every check that a readiness request runs. They log nothing. The monitor logs the findings of its own runs. */
export function createHealthChecks(dependencies: HealthChecksDependencies): readonly HealthCheck[] {
  const { store, monitor, workerChecks } = dependencies;
  return [
    {
      name: 'storage',
      async find() {
        const read = await findingOf(() => store.check(), { kind: 'failing' });
        await monitor.firstRun();
        // After a successful read, the monitor's probe decides, because it also writes.
        return read.kind === 'works' && monitor.table().kind !== 'unknown' ? monitor.table() : read;
      },
    },
    ...workerChecks.map(({ name, find }) => ({
      name,
      async find() {
        await monitor.firstRun();
        return find();
      },
    })),
    {
      name: 'host-keys',
      async find() {
        await monitor.firstRun();
        return monitor.hostKeys();
      },
    },
  ];
}

type Failure = { readonly kind: 'degraded' | 'failing'; readonly cure?: string };

async function findingOf(check: () => Promise<void>, failure: Failure): Promise<Finding> {
  try {
    await check();
    return { kind: 'works' };
  } catch (error) {
    return { ...failure, error };
  }
}

function toFinding(verdict: ReturnType<CredentialVerdict['last']>): Finding {
  switch (verdict) {
    case 'accepted':
      return { kind: 'works' };
    case 'unknown':
      return { kind: 'unknown' };
    case 'refused':
      return { kind: 'degraded', cure: REFUSED_CURE };
  }
}

// Entra ID refuses an app that is unknown or disabled in the tenant (AADSTS700016, 7000112) before it checks the credential.
const REFUSED_CURE =
  'Entra ID refuses the credential of the app: set a valid secret or certificate, or correct the federated credential; if the app is unknown or disabled in the tenant, correct ENTRA_CLIENT_ID and ENTRA_TENANT_ID';

function expiryFinding(expiries: readonly Expiry[], now: Date): Finding {
  const soonest = expiries.toSorted((left, right) => left.expiresAt.getTime() - right.expiresAt.getTime())[0];
  const described = soonest === undefined ? undefined : describeExpiry(soonest, now);
  if (soonest === undefined || described === undefined) return { kind: 'works' };
  return { kind: 'degraded', cure: `${soonest.setting} ${described}; set it to ${soonest.replacement}` };
}
