import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { policyJsonSchema } from '../../scripts/policy-schema.ts';
import { readGraphPolicy } from '../../src/shared/config/policies.ts';
import { isAllowed, policyOf } from '../support/policies.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const document = read('docs/reference/policy-format.md');
const { rules } = readGraphPolicy(undefined);

function sectionOf(heading: string): string {
  const [, section = ''] =
    new RegExp(`^## ${heading}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(document) ?? [];
  return section;
}

/** Returns every name in backticks in the first cells of the table under a heading. */
function namesInTable(heading: string): string[] {
  const cells = [...sectionOf(heading).matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

describe('docs/reference/policy-format.md', () => {
  it('shows a valid policy file', () => {
    const shown = policyOf(JSON.parse(/```json\n([\s\S]*?)```/.exec(document)?.[1] ?? ''));
    expect(shown.signInScopes).toEqual(['User.Read']);
    expect(isAllowed(shown, 'GET /v1.0/me/events?$select=id,subject&$top=50')).toBe(true);
  });

  it('lists every member of a file, a feature and a rule', () => {
    const { properties } = JSON.parse(policyJsonSchema());
    const feature = properties.features.additionalProperties.properties;
    const rule = feature.rules.items.properties;
    const membersOf = (properties: object) =>
      Object.keys(properties).filter((name) => name !== 'description');
    expect(namesInTable('File')).toEqual(expect.arrayContaining(Object.keys(properties)));
    expect(namesInTable('Rules')).toEqual(expect.arrayContaining(membersOf(rule)));
    expect(namesInTable('Features')).toEqual(expect.arrayContaining(membersOf(feature)));
  });

  it('shows valid path templates', () => {
    for (const path of namesInTable('Paths').filter((name) => name.startsWith('/'))) {
      policyOf({
        features: { one: { title: 'One', rules: [{ methods: ['GET'], path, scopes: ['User.Read'] }] } },
      });
    }
  });
});

describe('README.md', () => {
  it('states the number of rules in the shipped policy', () => {
    expect(read('README.md')).toContain(`The shipped policy has ${rules.length} rules`);
  });
});
