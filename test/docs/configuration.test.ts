import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/shared/config/config.ts';
import type { Environment } from '../../src/shared/config/setting.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const key = () => randomBytes(32).toString('base64url');
const guid = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';

const validSettings = {
  PUBLIC_BASE_URL: 'https://app.contoso.example',
  ENTRA_TENANT_ID: guid,
  ENTRA_CLIENT_ID: guid,
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

/** One environment for each way through the settings. */
const environments: readonly Environment[] = ['managed-identity', 'certificate', 'secret'].flatMap((kind) => [
  { ...validSettings, ENTRA_CLIENT_CREDENTIAL: kind },
  {
    ...withApi,
    ENTRA_CLIENT_CREDENTIAL: kind,
    SESSION_TABLE_ENDPOINT: undefined,
    SESSION_TABLE_CONNECTION_STRING: 'AccountName=account',
  },
]);

function faultsOf(environment: Environment): readonly string[] {
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
  faultsOf(recording);
  return names;
}

const namesRead = [...new Set(environments.flatMap(namesReadFrom))].sort();
const isSetting = (name: string) => /^(?:PUBLIC|ENTRA|SESSION|ROLE|ADMIN|GRAPH|API|DEV)_/.test(name);
const settings = namesRead.filter(isSetting);
const namesIn = (text: string) => [...text.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name).sort();

describe('docs/configuration.md', () => {
  const document = read('docs/configuration.md');

  it('has one heading for every setting that the app reads, and no other', () => {
    const headings = document.split('\n').filter((line) => line.startsWith('### '));
    expect(headings.flatMap(namesIn).sort()).toEqual(settings);
  });

  it('names what the app takes for a sign of running in Azure', () => {
    const sentence = /in Azure when one of these is set: ([^.]+)\./.exec(document)?.[1] ?? '';
    expect(namesIn(sentence)).toEqual(namesRead.filter((name) => !isSetting(name)));
  });
});

describe('README.md', () => {
  it('names every setting in its table', () => {
    const rows = read('README.md').match(/^\| `[A-Z_]+` .*$/gm) ?? [];
    expect(rows.map((row) => namesIn(row)[0]).sort()).toEqual(settings);
  });
});

describe('local.settings.example.json', () => {
  const { Values } = JSON.parse(read('local.settings.example.json')) as { Values: Record<string, string> };
  // The host's own: the language, where it keeps what its timers have done, and where its keys.
  const {
    FUNCTIONS_WORKER_RUNTIME: _language,
    AzureWebJobsStorage: _timers,
    AzureWebJobsSecretStorageType: _keys,
    ...example
  } = Values;
  const isPlaceholder = (name: string) => example[name]?.startsWith('<');
  const names = Object.keys(example).sort();

  it('has every setting that the app reads, and no other', () => {
    expect(names).toEqual(settings);
  });

  it.each(names.filter(isPlaceholder))('CF-1: the placeholder of %s is refused as one', (name) => {
    const faults = environments.flatMap((environment) => faultsOf({ ...environment, [name]: example[name] }));
    expect(faults).toContainEqual(expect.stringContaining(`${name} is still a placeholder`));
  });

  it('shows the defaults where there are some', () => {
    const defaults = names.filter((name) => !isPlaceholder(name)).map((name) => [name, example[name]]);
    const written = parseConfig({ ...validSettings, ...Object.fromEntries(defaults) });
    expect(JSON.stringify(written)).toBe(JSON.stringify(parseConfig(validSettings)));
  });
});
