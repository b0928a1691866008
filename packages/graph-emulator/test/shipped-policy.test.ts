import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePath } from '../src/path.ts';
import { parseTemplate } from '../src/route-template.ts';
import { routes } from '../src/routes.ts';

interface Rule {
  readonly methods: readonly string[];
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly scopes: readonly string[];
  readonly alternatives?: readonly (readonly string[])[];
}

const folder = new URL('../../../policy/', import.meta.url);
const files = globSync(['graph.json', 'more/*.json'], { cwd: folder });
const table = routes.map((route) => ({ route, template: parseTemplate(route.path) }));

function rulesOf(file: string): readonly Rule[] {
  const policy: { features: Record<string, { rules: readonly Rule[] }> } = JSON.parse(
    readFileSync(new URL(file, folder), 'utf8'),
  );
  return Object.values(policy.features).flatMap(({ rules }) => rules);
}

/** The most specific route of a rule. */
function routeOf(method: string, { path }: Rule) {
  const segments = parsePath(
    path
      .replace(/^\/(?:v1\.0|beta)/, '')
      .replace(/\{\w+\}/g, 'x')
      .replace(/\/\$count$/, ''),
  );
  return table
    .filter(({ route, template }) => route.method === method && template.match(segments) !== undefined)
    .sort((left, right) => (left.template.rank < right.template.rank ? -1 : 1))[0]?.route;
}

const calls = files.flatMap((file) =>
  rulesOf(file).flatMap((rule) =>
    rule.methods
      .filter((method) => method !== 'HEAD')
      .map((method) => ({ name: `${file}: ${method} ${rule.path}`, method, rule })),
  ),
);

describe('every rule of the policies that ship', () => {
  it.each(calls)('$name has a route, its options and its permissions', ({ method, rule }) => {
    const route = routeOf(method, rule);
    expect(route).toBeDefined();
    const known = (route?.options ?? []).map((name) => name.toLowerCase());
    expect(known).toEqual(
      expect.arrayContaining(Object.keys(rule.query ?? {}).map((name) => name.toLowerCase())),
    );
    for (const scopes of [rule.scopes, ...(rule.alternatives ?? [])])
      expect(
        scopes.some((scope) => route?.scopes.includes(scope)),
        scopes.join(' '),
      ).toBe(true);
    if (rule.path.endsWith('/$count')) expect(known).toContain('$count');
  });
});
