import { AzureNamedKeyCredential, generateAccountSas } from '@azure/data-tables';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createCertificate } from '../support/certificate.ts';
import { isWholeRun } from '../support/scale.ts';
import { readRows } from '../support/table-rows.ts';
import { sendWire } from '../support/user-agent.ts';
import { startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
});

afterAll(() => world.close());

async function askReady(): Promise<number> {
  return (await sendWire(worker.origin, '/api/health/ready')).status;
}

describe('readiness', () => {
  it('checks the table once in five seconds, and at once if the clock was set back', async () => {
    const { counts } = worker.table;
    expect(await Promise.all([askReady(), askReady(), askReady()])).toEqual([200, 200, 200]);
    expect(counts.check).toBe(1);

    // Otherwise the cached result would last until the clock has caught up.
    world.advance(-60);
    worker.table.failing.add('check');
    expect(await askReady()).toBe(503);
    expect(await askReady()).toBe(503);
    expect(counts.check).toBe(2);

    worker.table.recover();
    world.advance(6);
    expect(await askReady()).toBe(200);
    expect(counts.check).toBe(3);
  });
});

interface Readiness {
  readonly httpStatus: number;
  readonly status: string;
  readonly failing: readonly string[];
  readonly degraded: readonly string[];
  readonly unknown: readonly string[];
}

const healthy = { httpStatus: 200, status: 'ready', failing: [], degraded: [], unknown: [] };

async function readinessOf({ origin }: Worker): Promise<Readiness> {
  const { status, body } = await sendWire(origin, '/api/health/ready');
  return { httpStatus: status, ...JSON.parse(body) };
}

/** The connection string of a role that only reads. */
function readOnlyConnectionString(): string {
  const partOf = (name: string) =>
    new RegExp(`${name}=([^;]+)`).exec(inject('tableConnectionString'))?.[1] ?? '';
  const credential = new AzureNamedKeyCredential(partOf('AccountName'), partOf('AccountKey'));
  const signature = generateAccountSas(credential, {
    permissions: { query: true, list: true },
    expiresOn: new Date(Date.now() + 90 * 24 * 60 * 60_000),
  });
  return `TableEndpoint=${partOf('TableEndpoint')};SharedAccessSignature=${signature}`;
}

describe('readiness of a worker with its own clock', () => {
  const logged: string[] = [];
  beforeEach(() => {
    logged.length = 0;
    for (const level of ['info', 'warn', 'error'] as const) {
      vi.spyOn(console, level).mockImplementation((line) => void logged.push(String(line)));
    }
    return () => {
      vi.restoreAllMocks();
      world.entra.switches.clientSecretExpired = false;
    };
  });

  it('is ready if a row can be written, the credential is accepted and the own address answers, and requests start none of these checks', {
    tags: ['DO-1', 'DO-2'],
  }, async () => {
    const started = await world.startWorker({ startsHealthMonitor: true });
    expect(await readinessOf(started)).toEqual(healthy);
    expect(started.table.counts).toMatchObject({ insert: 1, read: 1, remove: 1 });
    expect(world.entra.count('token', 'client_credentials')).toBe(1);
    expect(logged).toEqual([]);
    expect(await readRows(world)).toEqual([]);

    // Requests cause neither.
    for (let call = 0; call < 10; call++) {
      world.advance(6);
      await readinessOf(started);
    }
    expect(started.table.writes()).toBe(2);
    expect(world.entra.count('token')).toBe(1);
  });

  it('is degraded with an expired secret, because valid tokens still serve', async () => {
    world.entra.switches.clientSecretExpired = true;
    const started = await world.startWorker({ startsHealthMonitor: true });
    expect(await readinessOf(started)).toEqual({ ...healthy, status: 'degraded', degraded: ['credential'] });
    expect(logged).toEqual([expect.stringContaining('"event":"degraded","check":"credential"')]);
    expect(logged.join()).not.toContain(world.settings['ENTRA_CLIENT_SECRET']);
  });

  it('is 503 with a role that only reads', async () => {
    const started = await world.startWorker({
      startsHealthMonitor: true,
      environment: { SESSION_TABLE_CONNECTION_STRING: readOnlyConnectionString() },
    });
    expect(await readinessOf(started)).toMatchObject({
      httpStatus: 503,
      status: 'not_ready',
      failing: ['storage'],
    });
    for (let call = 0; call < 3; call++) {
      world.advance(6);
      await readinessOf(started);
    }
    expect(logged).toEqual([
      expect.stringContaining('"event":"not-ready","check":"storage","cure":"the table must be writable'),
    ]);
  });

  it.runIf(isWholeRun).each(['refuses', 'frozen'] as const)(
    'is degraded if the storage of the host %s, because every sign-in then fails',
    async (hostStorage) => {
      const broken = await startWorld();
      try {
        const started = await broken.startWorker({
          startsHealthMonitor: true,
          host: {
            env: { AzureWebJobsStorage: 'x', AzureWebJobsSecretStorageType: '' },
            hostStorage,
          },
        });
        expect(await readinessOf(started)).toEqual({
          ...healthy,
          status: 'degraded',
          degraded: ['host-keys'],
        });
        expect(logged).toEqual([expect.stringContaining('set AzureWebJobsSecretStorageType to files')]);
      } finally {
        await broken.close();
      }
    },
  );

  it.runIf(isWholeRun)(
    'knows nothing of the keys of the host if nothing answers at its address',
    async () => {
      const started = await world.startWorker({
        startsHealthMonitor: true,
        environment: { PUBLIC_BASE_URL: 'http://localhost:1' },
      });
      expect(await readinessOf(started)).toEqual({ ...healthy, unknown: ['host-keys'] });
    },
  );

  it.runIf(isWholeRun)(
    'is degraded without storage of the host, because expired rows are never removed',
    async () => {
      const started = await world.startWorker({ environment: { AzureWebJobsStorage: '' } });
      expect(await readinessOf(started)).toMatchObject({ httpStatus: 200, degraded: ['sweep'] });
    },
  );

  it('is degraded with a certificate that expires soon', async () => {
    const { certificatePem, privateKeyPem } = createCertificate({
      until: new Date(Date.now() + 6 * 24 * 60 * 60_000),
    });
    const started = await world.startWorker({
      environment: {
        ENTRA_CLIENT_CREDENTIAL: 'certificate',
        ENTRA_CERTIFICATE: certificatePem,
        ENTRA_CERTIFICATE_KEY: privateKeyPem,
      },
    });
    expect(await readinessOf(started)).toMatchObject({ httpStatus: 200, degraded: ['expiry'] });
  });

  it('is degraded while the keys of Entra ID cannot be read, and 503 with a clock that is wrong', async () => {
    const fast = await world.startWorker({ aheadSeconds: 600 });
    expect(await readinessOf(fast)).toMatchObject({ httpStatus: 503, failing: ['clock'], degraded: [] });
    const lost = await world.startWorker({ environment: { DEV_ENTRA_ORIGIN: 'http://127.0.0.1:1' } });
    expect(await readinessOf(lost)).toMatchObject({
      httpStatus: 200,
      failing: [],
      degraded: ['sign-in-keys'],
      unknown: ['credential', 'clock', 'host-keys'],
    });
  });
});
