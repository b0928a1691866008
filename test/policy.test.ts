import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { policyJsonSchema } from '../scripts/policy-schema.ts';
import { graphDialect, parseGraphPolicy } from '../src/shared/graph/graph-policy.ts';
import { createPolicySchema } from '../src/shared/proxy/policy-schema.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const shipped: unknown = JSON.parse(read('policy/graph.json'));
const rules = Object.values(createPolicySchema(graphDialect).parse(shipped).features).flatMap(
  (feature) => feature.rules,
);

describe('the shipped policy', () => {
  it('is valid, pins the version and asks for nothing that only writes or reads for everybody (PX-4)', () => {
    expect(parseGraphPolicy(shipped).kind).toBe('policy');
    for (const { path, scopes } of rules) {
      expect(path).toMatch(/^\/v1\.0\//);
      for (const scope of scopes) expect(scope).not.toMatch(/\.All$|^Directory\./);
    }
  });

  it('has a schema for editors that is made of the one it is checked with (npm run schema)', () => {
    expect(read('policy/graph.schema.json')).toBe(policyJsonSchema());
    expect(JSON.parse(read('policy/graph.json')).$schema).toBe('./graph.schema.json');
  });
});

/** Where more is asked for than Microsoft's least permission, and why. */
const alternatives: Readonly<Record<string, string>> = {
  'GET /v1.0/me/messages Mail.Read': 'Mail.ReadBasic leaves out the body, its preview and attachments.',
};

const permissionsFile = process.env['ENTRA_BFF_PERMISSIONS_FILE'];

describe("Microsoft's permission reference", () => {
  if (permissionsFile === undefined || permissionsFile === '') {
    it.skip('was not compared with: ENTRA_BFF_PERMISSIONS_FILE names no permissions.json');
    return;
  }

  it('calls the permissions of every rule the least for work accounts, or an alternative says why not (PX-4)', () => {
    const least = readLeast(permissionsFile);
    const unjustified = rules.flatMap(({ methods, path, scopes }) =>
      methods.flatMap((method) => {
        const known = least.get(`${method === 'HEAD' ? 'GET' : method} ${toReferencePath(path)}`);
        const name = `${method} ${path} ${scopes.join(' ')}`;
        if (known === undefined) return [`${name}: the reference does not know the call`];
        if (scopes.length === 1 && known.has(scopes[0] ?? '')) return [];
        return alternatives[name] === undefined ? [`${name}: least is ${[...known].join(' or ')}`] : [];
      }),
    );
    expect(unjustified).toEqual([]);
  });

  it('still disagrees wherever an alternative claims so (PX-4)', () => {
    const least = readLeast(permissionsFile);
    for (const name of Object.keys(alternatives)) {
      const [method = '', path = '', scope = ''] = name.split(' ');
      expect(
        rules.some((rule) => rule.path === path && rule.scopes.includes(scope)),
        name,
      ).toBe(true);
      expect(least.get(`${method} ${toReferencePath(path)}`)?.has(scope), name).toBe(false);
    }
  });
});

/** The reference writes lower case and `{id}`, and has no `$value`. */
function toReferencePath(path: string): string {
  return path
    .slice('/v1.0'.length)
    .replace(/\/\$value$/, '')
    .replaceAll(/\{[^}]+\}/g, '{id}')
    .toLowerCase();
}

/** The least delegated permissions for work accounts, by method and path; also where only `/users/{id}` is listed. */
function readLeast(file: string): Map<string, Set<string>> {
  interface PathSet {
    readonly methods: readonly string[];
    readonly paths: Readonly<Record<string, string>>;
  }
  const { permissions }: { permissions: Readonly<Record<string, { pathSets: readonly PathSet[] }>> } =
    JSON.parse(readFileSync(file, 'utf8'));
  const least = new Map<string, Set<string>>();
  const add = (key: string, name: string) => least.set(key, (least.get(key) ?? new Set()).add(name));
  for (const [name, { pathSets }] of Object.entries(permissions)) {
    for (const { methods, paths } of pathSets) {
      for (const [path, attributes] of Object.entries(paths)) {
        if (!/(?:^|;)least=(?:[^;]*,)?DelegatedWork(?:,|;|$)/.test(attributes)) continue;
        for (const method of methods) {
          add(`${method} ${path}`, name);
          if (path.startsWith('/users/{id}')) add(`${method} ${path.replace('/users/{id}', '/me')}`, name);
        }
      }
    }
  }
  return least;
}
