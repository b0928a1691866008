import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import { register } from '../../src/registration.ts';
import { parseConfig } from '../../src/shared/config/config.ts';
import { readPolicies } from '../../src/shared/config/policies.ts';
import { createSystem } from '../../src/system.ts';

const key = () => randomBytes(32).toString('base64url');
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

function registeredRoutes(): string[] {
  vi.stubGlobal('__CLIENT_SOURCE__', ''); // put in by the bundler
  const routes: string[] = [];
  const config = parseConfig({
    PUBLIC_BASE_URL: 'https://app.contoso.example',
    ENTRA_TENANT_ID: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01',
    ENTRA_CLIENT_ID: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d02',
    ENTRA_CLIENT_CREDENTIAL: 'managed-identity',
    SESSION_KEYS: `1:${key()}`,
    SESSION_INDEX_KEY: key(),
    SESSION_TABLE_ENDPOINT: 'https://account.table.example',
  });
  register(
    { http: (_, { route }) => routes.push(route), timer: () => undefined },
    createApp(config, readPolicies(config), createSystem(config)),
  );
  return routes;
}

describe('README.md, the table of routes', () => {
  afterAll(() => vi.unstubAllGlobals());

  it('has every route that is registered, and no other', () => {
    const table = readme.split('## Routes')[1]?.split('\n\n')[1] ?? '';
    const named = table.split('\n').flatMap((row) => {
      const [, first = ''] = row.split('|');
      return [...first.matchAll(/`\/([^`]+)`/g)].map(([, path = '']) => path.replace('v1.0/…', '{*path}'));
    });
    expect([...named, '{*rest}'].sort()).toEqual(registeredRoutes().sort());
    expect(table).toContain('| everything else |');
  });
});
