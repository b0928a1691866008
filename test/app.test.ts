import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createApp } from '../src/app.ts';
import { startBff } from '../src/index.ts';
import { type Bff, register } from '../src/registration.ts';
import { allowAnonymous } from '../src/shared/access/access.ts';
import { parseConfig } from '../src/shared/config/config.ts';
import { readPolicies } from '../src/shared/config/policies.ts';
import { createSystem } from '../src/system.ts';

const key = () => randomBytes(32).toString('base64url');
const settings = {
  PUBLIC_BASE_URL: 'https://app.contoso.example',
  ENTRA_TENANT_ID: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01',
  ENTRA_CLIENT_ID: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d02',
  ENTRA_CLIENT_CREDENTIAL: 'managed-identity',
  SESSION_KEYS: `1:${key()}`,
  SESSION_INDEX_KEY: key(),
  SESSION_TABLE_ENDPOINT: 'https://account.table.example',
};

// put in by the bundler
beforeAll(() => {
  vi.stubGlobal('__CLIENT_SOURCE__', '');
  vi.stubGlobal('__LIBRARY_FILES__', '');
});
afterAll(() => vi.unstubAllGlobals());

function recordingApp() {
  const functions = new Map<string, string>();
  const app = {
    http: (name: string, { route }: { route: string }) => void functions.set(name, route),
    timer: () => undefined,
  };
  return { app, functions };
}

function routeIn(bff: Bff, name: string, path: string): void {
  bff.route(name, { path, access: allowAnonymous, csrf: 'none' }, () => ({
    status: 204,
  }));
}

describe('a function of an app', () => {
  it('is registered with its name and path', () => {
    const { app, functions } = recordingApp();
    const config = parseConfig(settings);
    routeIn(
      register(app, createApp(config, readPolicies(config), createSystem(config))),
      'team-card',
      'api/team-card/{id}',
    );
    expect(functions.get('team-card')).toBe('api/team-card/{id}');
  });

  describe('refuses', () => {
    it.each([
      ['a name that is taken', 'graph', 'api/mine'],
      ['a name after the catch-all, which would take its calls', 'zz-top', 'api/mine'],
      ['a name of other letters', 'Team Card', 'api/mine'],
      ['a path of ours', 'mine', 'api/auth/mine'],
      ["a path that hides Graph's", 'mine', 'api/graph'],
      ['a path elsewhere', 'mine', 'mine'],
      ['a path for everything', 'mine', 'api/{*rest}'],
      ['the name of the timer', 'sweep', 'api/mine'],
      ['a path of ours in other letters, which the host takes for ours', 'mine', 'api/gRaph/{*path}'],
      ['a sign-in in other letters', 'mine', 'api/aUth/login'],
      ['a parameter that could stand for ours', 'mine', 'api/g{x}/{*path}'],
      ['an optional parameter', 'mine', 'api/graph{x?}/y'],
      ['dots', 'mine', 'api/x/../graph/{*p}'],
      ['anything else that is no path', 'mine', 'api/x y?z'],
    ])('%s', (_case, name, path) => {
      const config = parseConfig(settings);
      const bff = register(recordingApp().app, createApp(config, readPolicies(config), createSystem(config)));
      expect(() => routeIn(bff, name, path)).toThrow(TypeError);
    });
  });
});

describe('the cold start', () => {
  it('with an invalid setting registers one function, which responds with 503, and no function of the app', {
    tags: ['CF-1'],
  }, () => {
    const report = vi.spyOn(console, 'error').mockReturnValue();
    const { app, functions } = recordingApp();
    const extend = vi.fn();
    startBff(app, { ...settings, SESSION_IDLE_SECONDS: 'soon' }, extend);
    expect([...functions]).toEqual([['zz-misconfigured', '{*rest}']]);
    expect(extend).not.toHaveBeenCalled();
    expect(report).toHaveBeenCalledWith(expect.stringContaining('SESSION_IDLE_SECONDS'));
    report.mockRestore();
  });
});
