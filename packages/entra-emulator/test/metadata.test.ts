import { demoClient, demoDirectory } from '@entra-bff/directory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

let emulator: EntraEmulator;

beforeEach(async () => {
  emulator = await startTestEmulator({ directory: demoDirectory });
});
afterEach(() => emulator.close());

async function read(path: string): Promise<Record<string, unknown>> {
  const value: unknown = await (await fetch(`${emulator.origin}/${path}`)).json();
  if (typeof value !== 'object' || value === null) throw new Error('No JSON object.');
  return { ...value };
}

async function kids(): Promise<unknown[]> {
  const { keys } = await read(`${demoClient.tenantId}/discovery/v2.0/keys`);
  if (!Array.isArray(keys)) throw new Error('No keys.');
  return keys.map((key: Record<string, unknown>) => key['kid']);
}

describe('the metadata', () => {
  it('names the endpoints and the issuer of one tenant, found by id or domain', async () => {
    for (const segment of [demoClient.tenantId, 'contoso.example'])
      expect(await read(`${segment}/v2.0/.well-known/openid-configuration`)).toMatchObject({
        issuer: `${emulator.origin}/${demoClient.tenantId}/v2.0`,
        token_endpoint: `${emulator.origin}/${demoClient.tenantId}/oauth2/v2.0/token`,
        jwks_uri: `${emulator.origin}/${demoClient.tenantId}/discovery/v2.0/keys`,
      });
  });

  it.each(['common', 'organizations'])(
    'has a template for an issuer at %s, in the keys too',
    async (segment) => {
      const issuer = `${emulator.origin}/{tenantid}/v2.0`;
      expect(await read(`${segment}/v2.0/.well-known/openid-configuration`)).toMatchObject({ issuer });
      expect(await read(`${segment}/discovery/v2.0/keys`)).toMatchObject({ keys: [{ issuer }, { issuer }] });
    },
  );
});

describe('the keys', () => {
  it('are two, and a rotation replaces the older', async () => {
    const [signing, other] = await kids();
    expect(signing).toBe(emulator.signingKey().kid);
    await emulator.rotateKeys();
    const [newest, second] = await kids();
    expect(newest).toBe(emulator.signingKey().kid);
    expect(second).toBe(signing);
    expect([newest, second]).not.toContain(other);
  });

  it('are published without algorithm and never with their private part', async () => {
    const text = await (await fetch(`${emulator.origin}/${demoClient.tenantId}/discovery/v2.0/keys`)).text();
    expect(text).not.toMatch(/"(alg|d|p|q|dp|dq|qi)"/);
  });

  it('can be changed by a test, and are counted', async () => {
    emulator.intercept.keys = (reply) => ({ ...reply, body: { keys: [] } });
    expect(await kids()).toEqual([]);
    expect(emulator.count('keys')).toBe(1);
  });
});

describe('refuses', () => {
  it('unknown addresses', async () => {
    expect((await fetch(`${emulator.origin}/${demoClient.tenantId}/oauth2/v2.0/devicecode`)).status).toBe(
      404,
    );
    expect((await fetch(`${emulator.origin}/nowhere.example/discovery/v2.0/keys`)).status).toBe(400);
  });

  it('pages of other sites, because no response has an Access-Control header', async () => {
    const response = await fetch(`${emulator.origin}/common/discovery/v2.0/keys`, {
      headers: { origin: 'http://localhost:7071' },
    });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});
