import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { graphFeaturesPage } from '../../scripts/docs/graph-features.ts';
import { moreFileNames } from '../../src/shared/config/more-policies.ts';
import { readGraphPolicy } from '../../src/shared/config/policies.ts';

const page = readFileSync(new URL('../../docs/reference/graph-features.md', import.meta.url), 'utf8');
const { features, rules } = readGraphPolicy(undefined, moreFileNames);

describe('docs/reference/graph-features.md', () => {
  it('equals what the policies say (npm run docs)', () => {
    expect(page).toBe(graphFeaturesPage());
  });

  it('has a heading with title and permission for each feature, and a row for each rule', () => {
    for (const { name, title, scopes } of features) {
      expect(page).toMatch(
        new RegExp(`^#{3,4} \`${name}\`\n\n${title}\\. Permission: \`${scopes[0]}\``, 'm'),
      );
    }
    expect(page.match(/^\| `[A-Z, ]+ \//gm)).toHaveLength(rules.length);
  });

  it('says where an administrator consents, and what is asked for at sign-in', () => {
    expect(page).toMatch(/`Group\.ReadBasic\.All`.*An administrator consents to it\./);
    expect(page).not.toMatch(/Permission: `Mail\.Read`.*An administrator consents/);
    expect(page.match(/Asked for at sign-in/g)).toHaveLength(1);
  });
});
