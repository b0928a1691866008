import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isAllowed, issuesOf, policyOf } from '../support/policies.ts';

interface PolicyFile {
  readonly features: Readonly<Record<string, { readonly rules: readonly { readonly path: string }[] }>>;
}

const read = (path: string): PolicyFile =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const shipped = read('policy/graph.json');
const { people, colleagues } = read('examples/graph-libraries/toolkit-policy.json').features;
const { users } = shipped.features;

const without = (feature: PolicyFile['features'][string] | undefined, removed: string) => ({
  ...feature,
  rules: feature?.rules.filter(({ path }) => path !== removed),
});

describe('docs/guides/libraries/graph-toolkit.md', () => {
  it('merges the rules of the Graph Toolkit with the shipped policy', () => {
    const features = {
      ...shipped.features,
      people,
      users: without(users, '/v1.0/users/{id}'),
      colleagues: without(colleagues, '/v1.0/users/{id}/photo/$value'),
    };
    const policy = policyOf({ ...shipped, features });
    for (const call of [
      'GET /v1.0/me/people?$top=10&$filter=personType/class%20eq%20%27Person%27',
      'GET /v1.0/users/ben@contoso.example',
      'GET /v1.0/users/ben@contoso.example/photo/$value',
      'GET /v1.0/users/ben@contoso.example/directReports',
      'GET /v1.0/users?$search=%22displayName:ben%22&$top=6',
      'GET /v1.0/me/calendarview?startdatetime=2026-11-30T00:00:00Z&enddatetime=2026-12-07T00:00:00Z',
    ]) {
      expect(isAllowed(policy, call), call).toBe(true);
    }
  });

  it('removes the two rules that would exist twice', () => {
    const features = { ...shipped.features, people, colleagues };
    expect(issuesOf({ ...shipped, features })).toHaveLength(2);
  });
});
