import { createPublicKey } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAuthority } from '../../../src/shared/entra/authority.ts';
import { type ClientCredential, toMsalCredential } from '../../../src/shared/entra/client-credential.ts';
import { createCertificate } from '../../support/certificate.ts';

const clientId = '5e1f0000-0000-4000-8000-000000000001';
const authority = createAuthority('public', '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01');
const certificate = createCertificate();

let offsetMs: number;
const now = () => new Date(Date.now() + offsetMs);
const advance = (seconds: number) => {
  offsetMs += seconds * 1000;
};

beforeEach(() => {
  offsetMs = 0;
});

/** Requests the credential as MSAL does. */
function assertionsOf(credential: ClientCredential, tokenExchangeAudience = authority.tokenExchangeAudience) {
  const { tokenEndpoint } = authority;
  const { options } = toMsalCredential({
    credential,
    clientId,
    authority: { tokenEndpoint, tokenExchangeAudience },
    now,
  });
  if (!('clientAssertion' in options)) throw new Error('no assertion');
  return options.clientAssertion;
}

describe('a certificate', () => {
  it('signs an assertion with PS256, thumbprint, client id, token endpoint and ten minutes of validity', async () => {
    const text = await assertionsOf({ kind: 'certificate', ...certificate })();
    const key = createPublicKey(certificate.certificatePem);
    const { payload } = await jwtVerify(text, key, {
      algorithms: ['PS256'],
      issuer: clientId,
      subject: clientId,
      audience: authority.tokenEndpoint,
      requiredClaims: ['jti', 'nbf'],
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
    expect(decodeProtectedHeader(text)['x5t#S256']).toMatch(/^[\w-]{43}$/);
  });

  it('signs once, caches the assertion until two minutes before it expires, then signs once more', async () => {
    const ask = assertionsOf({ kind: 'certificate', ...certificate });
    const askFive = async () => new Set(await Promise.all(Array.from({ length: 5 }, ask)));
    const first = await askFive();
    expect(first.size).toBe(1);
    advance(7 * 60);
    expect(await askFive()).toEqual(first);
    advance(62);
    const second = await askFive();
    expect(second.size).toBe(1);
    expect(second).not.toEqual(first);
    expect(await askFive()).toEqual(second);
    const [text = ''] = second;
    expect((decodeJwt(text).exp ?? 0) * 1000).toBeGreaterThan(now().getTime() + 590_000);
  });
});

describe('a managed identity', () => {
  let answer: (response: ServerResponse) => void;
  let asked: string[];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(response);
  });

  // One address for all tests, because Microsoft's library looks it up once per process.
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${port}/msi/token`);
    vi.stubEnv('IDENTITY_HEADER', 'header');
  });

  beforeEach(() => {
    asked = [];
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Microsoft's library caches tokens by audience for the lifetime of the process, so each test has its own. */
  const identity = (audience: string) => assertionsOf({ kind: 'managed-identity' }, `api://${audience}`);

  const give = (token: string, lifetimeSeconds: number) => (response: ServerResponse) => {
    const expiresOn = Math.floor(Date.now() / 1000) + lifetimeSeconds;
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ access_token: token, expires_on: String(expiresOn), token_type: 'Bearer' }),
    );
  };
  const refuse = (response: ServerResponse) => {
    response.statusCode = 400;
    response.setHeader('content-type', 'application/json');
    response.end('{"error":"invalid_request"}');
  };

  it('is asked once for concurrent requests of an audience', async () => {
    answer = give('one', 3600);
    const ask = identity('once');
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['one', 'one', 'one']);
    expect(await ask()).toBe('one');
    expect(asked).toHaveLength(1);
    expect(new URL(asked[0] ?? '', 'http://x').searchParams.get('resource')).toBe('api://once');
  });

  it('serves its assertion exactly until it expires if the renewal fails', async () => {
    answer = give('short', 100);
    const ask = identity('short');
    expect(await ask()).toBe('short');
    answer = refuse;
    expect(await ask()).toBe('short');
    expect(asked.length).toBeGreaterThan(1);
    advance(101);
    await expect(ask()).rejects.toMatchObject({ code: 'sign_in_service_unavailable' });
    answer = give('next', 3600);
    expect(await ask()).toBe('next');
  });

  it('fails within five seconds if it does not answer, and the next request starts again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const arrived = new Promise<void>((resolve) => {
      answer = () => resolve();
    });
    const ask = identity('silent');
    const outcome = expect(ask()).rejects.toMatchObject({
      code: 'sign_in_service_unavailable',
      cause: { name: 'DeadlineExceeded' },
    });
    await arrived;
    await vi.advanceTimersByTimeAsync(5_000);
    await outcome;
    vi.useRealTimers();
    answer = give('late', 3600);
    expect(await ask()).toBe('late');
  });
});
