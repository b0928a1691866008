import { describe, expect, it } from 'vitest';
import { developmentSettings } from '../../dev/development-settings.ts';

const addresses = {
  bffOrigin: 'http://localhost:7071',
  entraOrigin: 'http://127.0.0.1:7072',
  graphOrigin: 'http://127.0.0.1:7073',
  tableConnectionString: 'TableEndpoint=http://127.0.0.1:1/x',
};

describe('developmentSettings', () => {
  it('connects the app to the services of the same machine', () => {
    expect(developmentSettings(addresses, {})).toMatchObject({
      PUBLIC_BASE_URL: 'http://localhost:7071',
      DEV_ENTRA_ORIGIN: 'http://127.0.0.1:7072',
      DEV_GRAPH_ORIGIN: 'http://127.0.0.1:7073',
      ENTRA_CLIENT_CREDENTIAL: 'secret',
    });
  });

  it('creates new keys of 32 bytes each time', () => {
    const [one, other] = [developmentSettings(addresses, {}), developmentSettings(addresses, {})];
    expect(one['SESSION_KEYS']).toMatch(/^1:[\w-]{43}$/);
    expect(one['SESSION_INDEX_KEY']).toMatch(/^[\w-]{43}$/);
    expect(one['SESSION_KEYS']).not.toBe(other['SESSION_KEYS']);
    expect(one['SESSION_INDEX_KEY']).not.toBe(other['SESSION_INDEX_KEY']);
  });

  it('prefers values of the environment, except empty ones', () => {
    const environment = { PUBLIC_BASE_URL: 'http://localhost:5173', ENTRA_CLIENT_ID: '', UNRELATED: 'x' };
    const settings = developmentSettings(addresses, environment);
    expect(settings['PUBLIC_BASE_URL']).toBe('http://localhost:5173');
    expect(settings['ENTRA_CLIENT_ID']).not.toBe('');
    expect(settings).not.toHaveProperty('UNRELATED');
  });
});
