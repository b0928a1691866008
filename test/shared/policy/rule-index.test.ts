import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGraphPolicy } from '../../../src/shared/config/policies.ts';
import { graphProfile } from '../../../src/shared/policy/graph-profile.ts';
import { matchPath } from '../../../src/shared/policy/match-path.ts';
import { readUpstreamPath } from '../../../src/shared/policy/path.ts';
import { createRuleIndex } from '../../../src/shared/policy/rule-index.ts';
import { isWholeRun } from '../../support/scale.ts';

const numRuns = isWholeRun ? 100_000 : 3_000;

const { rules } = readGraphPolicy(undefined);
const findCandidates = createRuleIndex(rules);

/** Segments of the policy's templates with their parameters filled in, in the spellings that a caller may choose. */
const segments = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      ...new Set(rules.flatMap(({ template }) => template.text.split('/').slice(1))),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'AAMkAGI2=',
      "messages('AAMkAGI2=')",
      "users('me')",
      "mailFolders('inbox')",
      '(',
      "('x')",
      '\u212a',
      'ME',
    ),
  },
);
const spelled = fc
  .tuple(segments, fc.constantFrom('as it is', 'upper case', 'in parentheses'))
  .map(([text, spelling]) => {
    const filled = text.replaceAll(/\{\w+\}/g, 'AAMkAGI2=');
    if (spelling === 'in parentheses') return `${filled}('AAMkAGI2=')`;
    return spelling === 'upper case' ? filled.toUpperCase() : filled;
  });
const paths = fc.oneof(
  fc.array(spelled, { minLength: 1, maxLength: 6 }).map((texts) => `/${texts.join('/')}`),
  // Whole templates, because random segments rarely make a path that a rule names.
  fc.tuple(fc.constantFrom(...rules), fc.constantFrom('/', "('", '')).map(([{ template }, keys]) => {
    const filled = template.text.replaceAll(/\{\w+\}/g, 'AAMkAGI2=');
    return keys === "('" ? filled.replaceAll('/AAMkAGI2=', "('AAMkAGI2=')") : filled;
  }),
);

describe('createRuleIndex', () => {
  it('leaves out no rule that the path matches, and keeps their order', () => {
    let matched = 0;
    fc.assert(
      fc.property(paths, (text) => {
        const read = readUpstreamPath(encodeURI(text));
        if (read.kind === 'refused') return;
        const matching = (candidates: typeof rules) =>
          candidates.filter(({ template }) => matchPath(template, read.path, graphProfile) !== undefined);
        const expected = matching(rules);
        matched += expected.length;
        expect(matching(findCandidates(read.path))).toEqual(expected);
      }),
      { numRuns },
    );
    expect(matched).toBeGreaterThan(numRuns / 4);
  });

  it('finds a path with few candidates', () => {
    const read = readUpstreamPath('/v1.0/me/messages/AAMkAGI2-_Q=');
    expect(read.kind === 'path' && findCandidates(read.path).length).toBeLessThan(5);
    expect(rules.length).toBeGreaterThan(100);
  });
});
