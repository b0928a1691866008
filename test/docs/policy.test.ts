import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { policyJsonSchema } from '../../scripts/policy-schema.ts';
import { readPolicy } from '../../src/policy-file.ts';
import { isAllowed, policyOf } from '../support/policies.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const document = read('docs/policy.md');
const { features, rules } = readPolicy(undefined);

/** The first cells of the table under a heading: every name in backquotes. */
function namesInTable(heading: string): string[] {
  const [, section = ''] =
    new RegExp(`^## ${heading}\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(document) ?? [];
  const cells = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

describe('docs/policy.md', () => {
  it('shows a policy file that is accepted', () => {
    const shown = policyOf(JSON.parse(/```json\n([\s\S]*?)```/.exec(document)?.[1] ?? ''));
    expect(shown.signInScopes).toEqual(['User.Read']);
    expect(isAllowed(shown, 'GET /v1.0/me/events?$select=id,subject&$top=50')).toBe(true);
  });

  it('lists every feature that is shipped, with its permission', () => {
    expect(namesInTable('What is shipped')).toEqual(features.map(({ name }) => name));
    for (const { scopes } of features) for (const scope of scopes) expect(document).toContain(`\`${scope}\``);
  });

  it('lists every member of a feature and of a rule', () => {
    const { features: schema } = JSON.parse(policyJsonSchema()).properties;
    const feature = schema.additionalProperties.properties;
    const rule = feature.rules.items.properties;
    const membersOf = (properties: object) =>
      Object.keys(properties).filter((name) => name !== 'description');
    expect(namesInTable('Rules')).toEqual(expect.arrayContaining(membersOf(rule)));
    expect(namesInTable('Features')).toEqual(expect.arrayContaining(membersOf(feature)));
  });

  it('shows paths that can be written', () => {
    for (const path of namesInTable('Paths').filter((name) => name.startsWith('/'))) {
      policyOf({
        features: { one: { title: 'One', rules: [{ methods: ['GET'], path, scopes: ['User.Read'] }] } },
      });
    }
  });
});

describe('README.md', () => {
  it('says how many rules are shipped', () => {
    expect(read('README.md')).toContain(`Shipped, the policy has ${rules.length} rules`);
  });
});
