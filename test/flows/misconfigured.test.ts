import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FunctionsHost, startFunctionsHost } from '@entra-bff/functions-host';
import { afterEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { developmentSettings } from '../../dev/development-settings.ts';
import { sendWire } from '../support/user-agent.ts';

const settings = (): Record<string, string> => ({
  ...developmentSettings(
    {
      bffOrigin: 'http://localhost:7071',
      entraOrigin: 'http://127.0.0.1:7072',
      graphOrigin: 'http://127.0.0.1:7073',
      tableConnectionString: inject('tableConnectionString'),
    },
    {},
  ),
});

let host: FunctionsHost | undefined;

afterEach(async () => {
  vi.restoreAllMocks();
  await host?.close();
  host = undefined;
});

/** Starts the deployed bundle and records the log of its cold start. */
async function start(environment: Record<string, string>, bundle = inject('appBundle')) {
  const coldStart = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const logLines: string[] = [];
  const started = await startFunctionsHost({
    bundle,
    env: environment,
    log: ({ message }) => logLines.push(message),
  });
  host = started;
  return { started, logLines, coldStart: () => coldStart.mock.calls.flat().map(String).join('\n') };
}

const routes = [
  '/',
  '/api/admin',
  '/api/auth/login',
  '/api/auth/callback?code=x&state=y',
  '/api/auth/logout',
  '/api/auth/session',
  '/api/auth/client.js',
  '/api/graph/v1.0/me',
  '/api/health/live',
  '/api/health/ready',
  '/nothing',
];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const broken: readonly (readonly [what: string, change: Record<string, string>, named: readonly string[]])[] =
  [
    ['no key', { SESSION_KEYS: '' }, ['SESSION_KEYS']],
    ['a placeholder', { ENTRA_CLIENT_SECRET: 'changeme-changeme' }, ['ENTRA_CLIENT_SECRET']],
    [
      'three wrong settings',
      { PUBLIC_BASE_URL: 'http://app.example', ENTRA_TENANT_ID: 'common', SESSION_IDLE_SECONDS: '300x' },
      ['PUBLIC_BASE_URL', 'ENTRA_TENANT_ID', 'SESSION_IDLE_SECONDS'],
    ],
    [
      'development switches in Azure',
      { WEBSITE_INSTANCE_ID: 'x1' },
      ['PUBLIC_BASE_URL', 'SESSION_TABLE_CONNECTION_STRING', 'DEV_ENTRA_ORIGIN', 'DEV_GRAPH_ORIGIN'],
    ],
    [
      'an invalid certificate',
      {
        ENTRA_CLIENT_CREDENTIAL: 'certificate',
        ENTRA_CERTIFICATE: '-----BEGIN CERTIFICATE-----\\nbm9uZQ==\\n-----END CERTIFICATE-----',
        ENTRA_CERTIFICATE_KEY: '-----BEGIN PRIVATE KEY-----\\nbm9uZQ==\\n-----END PRIVATE KEY-----',
      },
      ['ENTRA_CERTIFICATE', 'ENTRA_CERTIFICATE_KEY'],
    ],
    ['a missing policy file', { GRAPH_POLICY_FILE: '/nowhere/policy.json' }, ['GRAPH_POLICY_FILE']],
    [
      'an unknown wider area beside another wrong setting',
      { GRAPH_POLICY_MORE: 'presence,calls', ADMIN_ROLE: 'two words' },
      ['GRAPH_POLICY_MORE', 'ADMIN_ROLE'],
    ],
    ['a policy file of another kind', { GRAPH_POLICY_FILE: 'package.json' }, ['GRAPH_POLICY_FILE']],
  ];

describe('refuses to serve', () => {
  it.each(broken)(
    'with %s: every route responds with 503, and the log names each invalid setting',
    { tags: ['CF-1', 'CF-2'] },
    async (_what, change, named) => {
      const environment = { ...settings(), ...change };
      const { started, logLines, coldStart } = await start(environment);
      for (const route of routes) {
        for (const method of route === '/api/admin' ? methods : ['GET']) {
          const answer = await sendWire(started.origin, route, { method, headers: { 'x-csrf': '1' } });
          expect(answer.status, `${method} ${route}`).toBe(503);
          expect(answer.headers['cache-control']).toBe('no-store');
          expect(answer.headers['x-content-type-options']).toBe('nosniff');
          expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
          if (method === 'HEAD') continue;
          expect(JSON.parse(answer.body).code).toBe('configuration_invalid');
          // Responses reveal nothing about the settings.
          for (const name of named) expect(answer.body).not.toContain(name);
        }
      }
      const log = `${coldStart()}\n${logLines.join('\n')}`;
      for (const name of named) {
        expect(coldStart()).toContain(name);
        expect(logLines.join('\n')).toContain(name);
      }
      for (const [name, value] of Object.entries(environment)) {
        if (value.length > 12 && !named.includes(name)) expect(log, name).not.toContain(value);
      }
      for (const value of Object.values(change)) if (value.length > 12) expect(log).not.toContain(value);
    },
  );
});

describe('the deployed bundle', () => {
  it('serves with valid settings', async () => {
    const { started, coldStart } = await start(settings());
    expect((await sendWire(started.origin, '/api/health/live')).status).toBe(200);
    expect(coldStart()).toBe('');
  });

  it.skipIf(inject('isMeasured'))(
    'without a library beside it responds with 503, and the log names the missing files',
    { tags: ['CF-1'] },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'deployed-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const bundle = join(folder, 'main.cjs');
      await copyFile(inject('appBundle'), bundle);
      const { started, coldStart } = await start(settings(), bundle);
      expect((await sendWire(started.origin, '/api/health/live')).status).toBe(503);
      expect(coldStart()).toContain('libraries/msal-node.cjs');
    },
  );
});
