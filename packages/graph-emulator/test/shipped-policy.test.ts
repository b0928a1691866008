import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pathRefusal } from '../src/not-emulated.ts';
import { parsePath } from '../src/path.ts';
import type { Route } from '../src/route.ts';
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
const table = routes.map((route) => ({ route, template: parseTemplate(route.path) }));

function rulesOf(file: string): readonly Rule[] {
  const policy: { features: Record<string, { rules: readonly Rule[] }> } = JSON.parse(
    readFileSync(new URL(file, folder), 'utf8'),
  );
  return Object.values(policy.features).flatMap(({ rules }) => rules);
}

function segmentsOf({ path }: Rule) {
  const below = path.replace(/^\/(?:v1\.0|beta)/, '').replace(/\/\$count$/, '');
  return parsePath(below.replace(/\{\w+\}/g, 'x'));
}

/** The most specific route of a rule. */
function routeOf(method: string, rule: Rule): Route | undefined {
  const segments = segmentsOf(rule);
  return table
    .filter(({ route, template }) => route.method === method && template.match(segments) !== undefined)
    .sort((left, right) => (left.template.rank < right.template.rank ? -1 : 1))[0]?.route;
}

const callsOf = (inFiles: readonly string[]) =>
  inFiles.flatMap((file) =>
    rulesOf(file).flatMap((rule) =>
      rule.methods
        .filter((method) => method !== 'HEAD')
        .map((method) => ({ name: `${file}: ${method} ${rule.path}`, method, rule })),
    ),
  );

function expectWhole(route: Route | undefined, { path, query = {}, scopes, alternatives = [] }: Rule): void {
  const known = (route?.options ?? []).map((name) => name.toLowerCase());
  expect(known).toEqual(expect.arrayContaining(Object.keys(query).map((name) => name.toLowerCase())));
  for (const one of [scopes, ...alternatives])
    expect(
      one.some((scope) => route?.scopes.includes(scope)),
      one.join(' '),
    ).toBe(true);
  if (path.endsWith('/$count')) expect(known).toContain('$count');
}

describe('every rule of the shipped policy', () => {
  it.each(callsOf(['graph.json']))(
    '$name has a route, its options and its permissions',
    ({ method, rule }) => {
      expect(routeOf(method, rule)).toBeDefined();
      expectWhole(routeOf(method, rule), rule);
    },
  );
});

describe('every rule of the other policies', () => {
  it.each(callsOf(globSync('more/*.json', { cwd: folder })))(
    '$name has a whole route, or is refused as not emulated',
    ({ method, rule }) => {
      const route = routeOf(method, rule);
      if (route !== undefined) return expectWhole(route, rule);
      const segments = segmentsOf(rule);
      expect(pathRefusal(method, rule.path, segments)).toMatchObject({ status: 501, code: 'NotImplemented' });
    },
  );
});
