import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configurationPage, exampleSettings, settingsPage } from '../../scripts/docs/settings.ts';
import { ConfigError, parseConfig } from '../../src/shared/config/config.ts';
import type { Environment } from '../../src/shared/config/setting.ts';
import { settingGroups } from '../../src/shared/config/settings.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const key = () => randomBytes(32).toString('base64url');
const guid = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';

const validSettings = {
  PUBLIC_BASE_URL: 'https://app.contoso.example',
  ENTRA_TENANT_ID: guid,
  ENTRA_CLIENT_ID: '5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10',
  ENTRA_CLIENT_CREDENTIAL: 'managed-identity',
  SESSION_KEYS: `1:${key()}`,
  SESSION_INDEX_KEY: key(),
  SESSION_TABLE_ENDPOINT: 'https://account.table.example',
};

const withApi = {
  ...validSettings,
  API_NAMES: 'orders',
  API_ORDERS_ORIGIN: 'https://orders.example',
  API_ORDERS_SCOPE_PREFIX: 'api://orders',
  API_ORDERS_POLICY_FILE: 'orders.json',
};

/** One environment for each combination of mutually exclusive settings. */
const environments: readonly Environment[] = ['managed-identity', 'certificate', 'secret'].flatMap((kind) => [
  { ...validSettings, ENTRA_CLIENT_CREDENTIAL: kind },
  {
    ...withApi,
    ENTRA_CLIENT_CREDENTIAL: kind,
    SESSION_TABLE_ENDPOINT: undefined,
    SESSION_TABLE_CONNECTION_STRING: 'AccountName=account',
  },
]);

function issuesOf(environment: Environment): readonly string[] {
  try {
    parseConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
}

function namesReadFrom(environment: Environment): string[] {
  const names: string[] = [];
  const recording = new Proxy(environment, {
    get(target, name) {
      if (typeof name !== 'string') return undefined;
      names.push(name);
      return target[name];
    },
  });
  issuesOf(recording);
  return names;
}

const namesRead = [...new Set(environments.flatMap(namesReadFrom))].sort();
const isSetting = (name: string) =>
  /^(?:PUBLIC|PAGES|ENTRA|SESSION|ROLE|ADMIN|GRAPH|API|SIGNED_OUT|TRUSTED_PROXY|RATE_LIMIT|DEV)_/.test(name);
const isHostSetting = (name: string) => /^(?:AzureWebJobs|FUNCTIONS_)/.test(name);
const documented = settingGroups.flatMap(({ settings }) => Object.keys(settings));
const namesIn = (text: string) => [...text.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name).sort();

describe('the schema of the settings', () => {
  it('has exactly the settings that the app reads', () => {
    expect(documented.toSorted()).toEqual(namesRead.filter(isSetting));
  });
});

describe('docs/reference/settings.md', () => {
  it('equals the output of `npm run docs`', () => {
    expect(read('docs/reference/settings.md')).toBe(settingsPage());
  });
});

describe('docs/configuration.md', () => {
  const document = read('docs/configuration.md');

  it('has one heading for each setting, with the paragraph from `npm run docs`', () => {
    expect(document).toBe(configurationPage(document));
  });

  it('makes `npm run docs` fail if the heading of a setting is missing', () => {
    expect(() => configurationPage(document.replace('### `ADMIN_ROLE`', '### Role'))).toThrow('ADMIN_ROLE');
  });

  it('names the variables by which the app recognizes Azure', () => {
    const sentence = /in Azure when one of these is set: ([^.]+)\./.exec(document)?.[1] ?? '';
    expect(namesIn(sentence)).toEqual(namesRead.filter((name) => !isSetting(name) && !isHostSetting(name)));
  });

  it('has the settings of the Functions host that the app reads', () => {
    const [, section = ''] = document.split('## Settings of the Functions host');
    for (const name of namesRead.filter(isHostSetting)) expect(section).toContain(`| \`${name}\` |`);
  });
});

describe('local.settings.example.json', () => {
  const text = read('local.settings.example.json');
  const { Values } = JSON.parse(text) as { Values: Record<string, string> };
  const names = Object.keys(Values).filter(isSetting).sort();
  const isPlaceholder = (name: string) => Values[name]?.startsWith('<');

  it('equals the output of `npm run docs`', () => {
    expect(text).toBe(exampleSettings());
  });

  it('lets the host accept 64 KiB more than the service, so that the service answers first', () => {
    const hostLimit = Number(Values['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT']);
    expect(hostLimit).toBe(Number(Values['GRAPH_BODY_LIMIT_BYTES']) + 64 * 1024);
    expect(read('docs/configuration.md')).toContain(`\`${hostLimit}\``);
    expect(read('docs/guides/entra-registration.md')).toContain(
      `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT=${hostLimit}`,
    );
  });

  it("hides Microsoft's home page", () => {
    expect(Values['AzureWebJobsDisableHomepage']).toBe('true');
  });

  it('has exactly the settings that the app reads', () => {
    expect(names).toEqual(namesRead.filter(isSetting));
  });

  it.each(names.filter(isPlaceholder))(
    'has a placeholder for %s that the app refuses',
    { tags: ['CF-1'] },
    (name) => {
      const issues = environments.flatMap((environment) =>
        issuesOf({ ...environment, [name]: Values[name] }),
      );
      expect(issues).toContainEqual(expect.stringContaining(`${name} is still a placeholder`));
    },
  );

  it('shows the default of each setting that has one', () => {
    const defaults = names.filter((name) => !isPlaceholder(name)).map((name) => [name, Values[name]]);
    const written = parseConfig({ ...withApi, ...Object.fromEntries(defaults) });
    expect(JSON.stringify(written)).toBe(JSON.stringify(parseConfig(withApi)));
  });
});
