import type { Entra } from '../entra/entra.ts';
import type { SessionStore } from '../session/store.ts';
import type { Expiry } from './expiry.ts';
import type { Finding, HealthCheck } from './finding.ts';
import { expiryFinding, type HealthMonitor, toFinding } from './monitor.ts';

export interface HealthChecksDependencies {
  readonly store: Pick<SessionStore, 'check'>;
  readonly entra: Pick<Entra, 'credential' | 'credentialVerdict' | 'signingKeys'>;
  readonly monitor: Pick<HealthMonitor, 'firstRun' | 'table' | 'hostKeys'>;
  readonly expiries: readonly Expiry[];
  /** Whether the Functions host runs the timer that removes expired rows. */
  readonly runsSweep: boolean;
  readonly now: () => Date;
}

/** Everything that the readiness check reports. These checks write nothing; the monitor does that on its own clock. */
export function createHealthChecks(dependencies: HealthChecksDependencies): readonly HealthCheck[] {
  const { store, entra, monitor, expiries, runsSweep, now } = dependencies;
  const { credential, credentialVerdict, signingKeys } = entra;
  return [
    {
      name: 'storage',
      async find() {
        const read = await findingOf(() => store.check(), 'failing');
        await monitor.firstRun();
        return read.kind === 'works' && monitor.table().kind !== 'unknown' ? monitor.table() : read;
      },
    },
    {
      // Valid access tokens still serve while no new ones can be obtained.
      name: 'credential',
      async find() {
        const usable = await findingOf(() => credential.check(), 'degraded');
        await monitor.firstRun();
        return usable.kind === 'works' ? toFinding(credentialVerdict.last()) : usable;
      },
    },
    { name: 'sign-in-keys', find: () => findingOf(() => signingKeys.load(), 'degraded') },
    {
      name: 'clock',
      async find() {
        await signingKeys.load().catch(() => {});
        const clock = signingKeys.clock();
        if (clock === 'right') return { kind: 'works' };
        return clock === 'wrong'
          ? { kind: 'failing', cure: 'set the clock of this machine' }
          : { kind: 'unknown' };
      },
    },
    { name: 'expiry', find: async () => expiryFinding(expiries, now()) },
    {
      name: 'sweep',
      find: async () =>
        runsSweep
          ? { kind: 'works' }
          : { kind: 'degraded', cure: 'expired sessions are never removed: set AzureWebJobsStorage' },
    },
    {
      name: 'host-keys',
      async find() {
        await monitor.firstRun();
        return monitor.hostKeys();
      },
    },
  ];
}

async function findingOf(check: () => Promise<void>, otherwise: 'degraded' | 'failing'): Promise<Finding> {
  try {
    await check();
    return { kind: 'works' };
  } catch (error) {
    return { kind: otherwise, error };
  }
}
