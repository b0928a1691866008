import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../../src/shared/config/config.ts';
import type { Environment } from '../../../src/shared/config/setting.ts';
import { settingGroups } from '../../../src/shared/config/settings.ts';

const newKey = () => randomBytes(32).toString('base64url');

/** A deployment that has no secret but its own keys. */
const withManagedIdentity: Environment = {
  PUBLIC_BASE_URL: 'https://app.contoso.example',
  ENTRA_TENANT_ID: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01',
  ENTRA_CLIENT_ID: '5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10',
  ENTRA_CLIENT_CREDENTIAL: 'managed-identity',
  SESSION_KEYS: `1:${newKey()}`,
  SESSION_INDEX_KEY: newKey(),
  SESSION_TABLE_ENDPOINT: 'https://contoso.table.core.windows.net',
};

function issuesOf(environment: Environment): readonly string[] {
  try {
    parseConfig(environment, []);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
}

/** Every setting that is a number, with the limits that the documents show. */
const numbers = settingGroups.flatMap(({ settings }) =>
  Object.entries(settings).flatMap(([name, { validator }]) => {
    const [, min, max] = /, (\d+) to (\d+)$/.exec(validator.type) ?? [];
    return min === undefined || max === undefined ? [] : [{ name, min: Number(min), max: Number(max) }];
  }),
);

describe('every setting that is a number', () => {
  it('is one of the lifetimes, limits and time limits of the service', () => {
    expect(numbers.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'SESSION_IDLE_SECONDS',
        'SESSION_ABSOLUTE_SECONDS',
        'SESSION_MAX_PER_USER',
        'SESSION_CACHE_SECONDS',
        'SESSION_REVALIDATE_SECONDS',
        'ROLE_MAX_AGE_SECONDS',
        'ADMIN_MAX_AUTH_AGE_SECONDS',
        'GRAPH_BODY_LIMIT_BYTES',
        'GRAPH_TIMEOUT_MS',
        'TRUSTED_PROXY_HOPS',
        'RATE_LIMIT_USERS_PER_ADDRESS',
        'RATE_LIMIT_CALLS_PER_SECOND',
      ]),
    );
  });

  it.each(numbers)(
    '$name is accepted from $min to $max, and refused beyond',
    {
      tags: ['CF-4'],
    },
    ({ name, min, max }) => {
      const issuesFor = (value: number) =>
        issuesOf({
          ...withManagedIdentity,
          SESSION_ABSOLUTE_SECONDS: '2592000',
          [name]: String(value),
        }).filter((issue) => issue.startsWith(`${name} is`));
      const beyond = [min - 1, max + 1, max * 10].filter((value) => value >= 0);
      for (const value of beyond) {
        expect(issuesFor(value), String(value)).toEqual([expect.stringContaining(`from ${min} to ${max}`)]);
      }
      for (const value of [min, max]) expect(issuesFor(value), String(value)).toEqual([]);
    },
  );
});

describe('a deployment without a secret of Entra ID or storage', () => {
  it('is possible with a managed identity for both', { tags: ['CF-3'] }, () => {
    expect(issuesOf(withManagedIdentity)).toEqual([]);
    const { entra, session } = parseConfig(withManagedIdentity, []);
    expect([entra.credential.kind, session.table.kind]).toEqual(['managed-identity', 'managed-identity']);
    const secrets = settingGroups.flatMap(({ settings }) =>
      Object.entries(settings).flatMap(([name, { isSecret }]) => (isSecret ? [name] : [])),
    );
    expect(secrets.filter((name) => name in withManagedIdentity)).toEqual([
      'SESSION_KEYS',
      'SESSION_INDEX_KEY',
    ]);
  });

  it.each(['SESSION_KEYS', 'SESSION_INDEX_KEY'])(
    'refuses a Key Vault reference that Azure has not resolved: %s',
    {
      tags: ['CF-3'],
    },
    (name) => {
      const reference = '@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/keys)';
      const issues = issuesOf({ ...withManagedIdentity, [name]: reference });
      expect(issues).toEqual([expect.stringContaining(name)]);
      expect(issues.join()).not.toContain('contoso.vault');
    },
  );
});
