import { createPublicKey } from 'node:crypto';
import { demoClient, demoDirectory } from '@entra-bff/directory';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCertificate } from '../support/certificate.ts';
import { readSessionRows } from '../support/table-rows.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

const registered = createCertificate();
const unknown = createCertificate();

const settingsOf = ({ certificatePem, privateKeyPem }: typeof registered) => ({
  ENTRA_CLIENT_CREDENTIAL: 'certificate',
  ENTRA_CERTIFICATE: certificatePem.replaceAll('\n', '\\n'),
  ENTRA_CERTIFICATE_KEY: privateKeyPem.replaceAll('\n', '\\n'),
  ENTRA_CLIENT_SECRET: '',
});

let world: World;
let worker: Worker;
/** The same deployment with a certificate that Entra ID does not know, because it was rotated too early. */
let workerWithUnknownCertificate: Worker;

beforeAll(async () => {
  const publicKey = createPublicKey(registered.certificatePem).export({ type: 'spki', format: 'pem' });
  world = await startWorld({
    ...demoDirectory,
    registrations: demoDirectory.registrations.map((registration) =>
      registration.clientId === demoClient.clientId
        ? { ...registration, secrets: [], publicKeysPem: [String(publicKey)] }
        : registration,
    ),
  });
  worker = await world.startWorker({ environment: settingsOf(registered) });
  workerWithUnknownCertificate = await world.startWorker({ environment: settingsOf(unknown) });
  grantSignIn(world);
});

afterEach(() => {
  world.entra.switches.accessTokenLifetimeSeconds = 3600;
});

afterAll(() => world.close());

describe('an app with a certificate as its credential', () => {
  it('signs users in and renews their tokens without a secret', { tags: ['CF-3'] }, async () => {
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    const browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({ name: 'Alice Adams' });
    expect((await browser.script('GET', '/api/graph/v1.0/me')).status).toBe(200);
    expect(world.entra.count('token', 'authorization_code')).toBe(1);
    expect(world.entra.count('token', 'refresh_token')).toBe(1);
    await browser.script('POST', '/api/auth/logout');
  });

  it('responds with 503 to a renewal and keeps the session if Entra ID does not know the certificate', async () => {
    world.entra.switches.accessTokenLifetimeSeconds = 20;
    const browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    const rows = await readSessionRows(world);
    const calls = world.graph.count();
    const elsewhere = workerWithUnknownCertificate.browser();
    elsewhere.cookies().set('session', browser.cookies().get('session') ?? '');
    const call = await elsewhere.script('GET', '/api/graph/v1.0/me');
    expect(call.status).toBe(503);
    expect(JSON.parse(call.body)).toMatchObject({ code: 'registration_invalid', entra_error_code: 700027 });
    expect(call.headers['retry-after']).toBeUndefined();
    expect(call.setCookies).toEqual([]);
    expect(world.graph.count()).toBe(calls);
    expect(workerWithUnknownCertificate.logLines.join('\n')).toContain('own-credential-refused');
    expect(await readSessionRows(world)).toMatchObject([{ rowKey: rows[0]?.rowKey, leaseId: '' }]);
    expect((await browser.script('GET', '/api/graph/v1.0/me')).status).toBe(200);
    await browser.script('POST', '/api/auth/logout');
  });

  it('responds with 503 to a sign-in and creates no session if Entra ID does not know the certificate', async () => {
    const browser = workerWithUnknownCertificate.browser();
    // Entra ID redirects the browser to the public address, which belongs to the first worker.
    const started = await browser.request('/api/auth/login');
    const entra = worker.browser();
    await signIn(entra, { user: 'alice' });
    await entra.script('POST', '/api/auth/logout');
    const rows = await readSessionRows(world);
    const sentBack = await entra.request(started.headers.location ?? '');
    const { pathname, search } = new URL(sentBack.headers.location ?? '');
    expect(pathname).toBe('/api/auth/callback');
    const answer = await browser.request(pathname + search, { headers: { accept: 'application/json' } });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'registration_invalid' });
    expect(answer.headers['retry-after']).toBeUndefined();
    expect(browser.cookies().has('session')).toBe(false);
    expect(await readSessionRows(world)).toEqual(rows);
  });
});
