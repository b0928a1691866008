import { readFileSync } from 'node:fs';
import { demoDirectory, graphResourceId } from '@entra-bff/directory';
import { describe, expect, it } from 'vitest';
import { namesTakenForKeys } from '../scripts/graph-names.ts';
import { policyJsonSchema } from '../scripts/policy-schema.ts';
import { readGraphPolicy } from '../src/shared/config/policies.ts';
import { exceptions } from './policy-exceptions.ts';
import { readPermissionReference } from './support/permission-reference.ts';
import { ask, isAllowed } from './support/policies.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const policy = readGraphPolicy(undefined);
const { features, rules, signInScopes } = policy;
const calls = rules.flatMap(({ methods, template, scopes, alternatives }) =>
  methods.map((method) => ({ name: `${method} ${template.text}`, scopes, alternatives })),
);

describe('the shipped policy', () => {
  it('pins the version, and requests only User.Read at sign-in', { tags: ['PX-4'] }, () => {
    for (const { template } of rules) expect(template.text).toMatch(/^\/v1\.0\//);
    expect(signInScopes).toEqual(['User.Read']);
    expect(features.filter(({ signIn }) => signIn).map(({ name }) => name)).toEqual(['profile']);
  });

  it('has separate features for reading and for writing', { tags: ['PX-4'] }, () => {
    for (const { name, scopes } of features) expect(scopes, name).toHaveLength(1);
  });

  it('limits the size of every page', { tags: ['PX-5'] }, () => {
    for (const { query, template } of rules) {
      if ('$top' in query) expect(query['$top'], template.text).toMatchObject({ max: expect.any(Number) });
    }
  });

  it('allows the next page of every list that has pages', () => {
    for (const { query, template } of rules) {
      if (!('$top' in query)) continue;
      expect('$skip' in query || '$skiptoken' in query, template.text).toBe(true);
    }
  });

  it.each([
    '$filter=mobilePhone%20eq%20%27x%27',
    '$search=%22mobilePhone:%2B49%22',
    '$search=%22displayName:a%22%20OR%20%22onPremisesSamAccountName:a%22',
  ])(
    'allows no query on a field of a user that it does not allow to read: %s',
    { tags: ['PX-5'] },
    (query) => {
      expect(isAllowed(policy, 'GET /v1.0/users?$select=id&$search=%22displayName:a%22')).toBe(true);
      expect(isAllowed(policy, `GET /v1.0/users?$select=id&${query}`)).toBe(false);
    },
  );

  it('contains only calls that the emulators support, so that npm start shows all of it', () => {
    const graph = demoDirectory.resources.find(({ id }) => id === graphResourceId);
    const known = graph?.permissions.map(({ name }) => name);
    for (const { scopes } of features) for (const scope of scopes) expect(known).toContain(scope);
  });
});

describe('a write or a list in the shipped policy', () => {
  it('cannot invite further users by mail', { tags: ['PX-4'] }, () => {
    for (const call of ['POST /v1.0/me/events', 'PATCH /v1.0/me/events/AA1=']) {
      const allowed = ask(policy, call, { contentType: 'application/json' });
      expect(allowed).toMatchObject({
        rule: { bodyFields: expect.arrayContaining(['subject', 'start', 'end']) },
      });
      expect(allowed).not.toMatchObject({ rule: { bodyFields: expect.arrayContaining(['attendees']) } });
    }
  });

  it.each(['/v1.0/me/people', '/v1.0/groups/AA1=/members'])(
    'returns no more about a user in %s than in the list of users',
    { tags: ['PX-5'] },
    (path) => {
      expect(isAllowed(policy, `GET ${path}?$select=id,displayName`)).toBe(true);
      for (const query of [
        '',
        '?$top=5',
        '?$select=id,mobilePhone',
        '?$select=*',
        '?$select=id&$filter=jobTitle%20eq%20%27x%27',
      ]) {
        expect(isAllowed(policy, `GET ${path}${query}`), query).toBe(false);
      }
    },
  );
});

describe('policy/graph.schema.json', () => {
  it('equals the schema that checks policy files (npm run schema)', () => {
    expect(read('policy/graph.schema.json')).toBe(policyJsonSchema());
    expect(JSON.parse(read('policy/graph.json')).$schema).toBe('./graph.schema.json');
  });

  it('describes every property, for editors', () => {
    expect(undescribed(JSON.parse(policyJsonSchema()), '#')).toEqual([]);
  });
});

/** Returns the positions of properties without a description. */
function undescribed(schema: unknown, place: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    const inner = undescribed(value, `${place}/${key}`);
    if (key !== 'properties') return inner;
    const bare = Object.entries(value).filter(([, property]) => !hasDescription(property));
    return [...inner, ...bare.map(([name]) => `${place}/properties/${name}`)];
  });
}

const hasDescription = (property: unknown) =>
  typeof property === 'object' && property !== null && 'description' in property;

const permissionsFile = process.env['ENTRA_BFF_PERMISSIONS_FILE'];

describe("Microsoft's permission reference", () => {
  if (permissionsFile === undefined || permissionsFile === '') {
    it.skip('was not compared, because ENTRA_BFF_PERMISSIONS_FILE names no permissions.json');
    return;
  }
  const reference = readPermissionReference(permissionsFile);

  it.each(calls)(
    'agrees that the permission of $name is the least, or an exception has the reason',
    { tags: ['PX-4'] },
    ({ name, scopes }) => {
      if (name in exceptions) return;
      const [scope = '', ...more] = scopes;
      expect(more).toEqual([]);
      expect([...(reference.find(name)?.least ?? [])]).toContain(scope);
    },
  );

  it.each(calls)('accepts every alternative of $name', { tags: ['PX-4'] }, ({ name, alternatives }) => {
    const accepted = reference.find(name)?.accepted;
    for (const [scope = '', ...more] of alternatives) {
      expect(more).toEqual([]);
      if (accepted !== undefined) expect([...accepted]).toContain(scope);
    }
  });

  it.each(Object.entries(exceptions))(
    'still needs the exception for %s, whose rule exists',
    { tags: ['PX-4'] },
    (name, why) => {
      const call = calls.find((one) => one.name === name);
      const known = reference.find(name);
      expect(call?.scopes).toHaveLength(1);
      expect(known?.least.has(call?.scopes[0] ?? '') ?? false).toBe(false);
      expect(why.documentation).toMatch(/^https:\/\/learn\.microsoft\.com\/graph\//);
    },
  );

  it('contains no path segment that {id} would match', { tags: ['PX-4'] }, () => {
    expect(namesTakenForKeys(permissionsFile)).toEqual([]);
  });

  it('contains every permission of the emulators, with the same rule for consent', () => {
    const graph = demoDirectory.resources.find(({ id }) => id === graphResourceId);
    for (const { name, administratorMustConsent } of graph?.permissions ?? []) {
      const known = reference.administratorMustConsent(name);
      // The scopes of OpenID Connect are not permissions of Graph.
      if (/^[a-z_]+$/.test(name)) continue;
      expect(known, name).toBe(administratorMustConsent);
    }
  });
});
