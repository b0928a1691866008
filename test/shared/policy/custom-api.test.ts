import { describe, expect, it } from 'vitest';
import { parseCustomApiPolicy } from '../../../src/shared/policy/custom-api.ts';
import type { Policy } from '../../../src/shared/policy/policy.ts';
import { fileOf, isAllowed, issuesOf, policyOf, refusalOf } from '../../support/policies.ts';

const rules = [
  { path: '/orders', query: { q: true, status: { oneOf: ['open'] }, select: { maxLength: 20 } } },
  { path: '/orders/{id}' },
];

function ownPolicy(more: object = {}): Policy {
  const document = { features: Object(fileOf(...rules)).features, ...more };
  const reading = parseCustomApiPolicy(document, 'api://orders');
  if (reading.kind === 'invalid') throw new Error(reading.issues.join());
  return reading.policy;
}

const policy = ownPolicy();

describe('a policy for another API', () => {
  it.each(['A-1', '1', 'a.b1', 'order.pdf', '=a1=', '0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101'])(
    'accepts %s as an id',
    (id) => {
      expect(isAllowed(policy, `GET /orders/${id}`)).toBe(true);
    },
  );

  it('lets plain HTML load nothing by default, and a rule can allow it', { tags: ['CS-1'] }, () => {
    const parsed = parseCustomApiPolicy(fileOf({ path: '/a' }, { path: '/b', embed: true }), 'api://orders');
    if (parsed.kind === 'invalid') throw new Error(parsed.issues.join());
    expect(parsed.policy.rules.map(({ embed }) => embed)).toEqual([false, true]);
  });

  it('can declare that the API treats semicolons as text', () => {
    const data = ownPolicy({ semicolons: 'data' });
    for (const query of ['q=a;b', 'q=a%3Bb', 'q=(a;b)', "q='a;b'"]) {
      expect(isAllowed(data, `GET /orders?${query}`), query).toBe(true);
    }
    expect(isAllowed(data, 'GET /orders?status=open;status=all')).toBe(false);
  });
});

describe('refuses', () => {
  it.each([
    'q=a;status=all',
    'q=a%3Bstatus=all',
    'q=a%3bstatus=all',
    'q=(a;status=all)',
    "q='a;status=all'",
    'q=%22a;b%22',
    'q=;',
    'q;status=all',
    'q%3Bstatus=all',
    'status=open;',
  ])(
    'a semicolon in the query of another API, even in parentheses or quotes: %s',
    { tags: ['PX-5'] },
    (query) => {
      expect(refusalOf(policy, `GET /orders?${query}`)).toBe(
        'request_invalid: Refused: the query has a semicolon, which some readers take for the end of an option.',
      );
    },
  );

  it.each([
    ['q=a%26status=all', '"&"'],
    ['q=a%26status=open%26select=x%26z=', '"&"'],
    ['q=a%23b', '"#"'],
    ['q=a%2526status=all', '"%" before what could be its code'],
    ['q=a%253Bstatus=all', '"%" before'],
    ['q=a%25u003Bstatus=all', '"%" before'],
  ])(
    'text that a second decoding changes, and names the character: %s',
    { tags: ['PX-5'] },
    (query, character) => {
      for (const semicolons of [{}, { semicolons: 'data' }]) {
        expect(refusalOf(ownPolicy(semicolons), `GET /orders?${query}`)).toContain(
          `request_invalid: Refused: the value of q has the character ${character}`,
        );
      }
    },
  );

  it('another spelling of its ids and words, of which nothing is known', { tags: ['PX-4'] }, () => {
    for (const path of ["/orders('A-1')", '/orders/%C3%A9-1', '/orders/A%20-1', '/orders/A%25']) {
      expect(isAllowed(policy, `GET ${path}`), path).toBe(false);
    }
  });

  it.each([
    '.a1',
    'a1.',
    '.env1',
    'search.',
    '.search',
    '..a1',
    '...',
    'search',
    'a'.repeat(41),
    'a'.repeat(400),
  ])('%s as an id of another API', { tags: ['PX-4'] }, (id) => {
    expect(isAllowed(policy, `GET /orders/${id}`)).toBe(false);
  });

  it('another value for semicolons, and this member in a policy for Microsoft Graph', () => {
    expect(() => ownPolicy({ semicolons: 'separators' })).toThrow(/^semicolons: must be "data"/);
    const graph = { ...Object(fileOf({ path: '/v1.0/me' })), semicolons: 'data' };
    expect(issuesOf(graph)).toEqual(['semicolons: is for your own APIs only; remove it']);
  });
});

describe('a policy for Microsoft Graph', () => {
  const graph = policyOf(
    fileOf({ path: '/v1.0/me', query: { $select: true, $filter: true, $expand: true, $search: true } }),
  );

  it.each([
    '$expand=manager($select=id;$levels=2)',
    "$filter=displayName%20eq%20'a;b'",
    '$search=%22a;b%22',
    '$expand=manager($expand=manager($select=id;$levels=2);$select=id)',
  ])('allows a semicolon in balanced parentheses and in quotes: %s', (query) => {
    expect(isAllowed(graph, `GET /v1.0/me?${query}`)).toBe(true);
  });

  it.each([
    '$select=id;$top=9',
    '$select=id%3B$top=9',
    '$filter=a%20eq%20(1;$top=9',
    "$filter='a;$top=9",
    '$expand=manager($select=id);$top=9',
    '$expand=manager);($top=9',
  ])('refuses a semicolon elsewhere: %s', { tags: ['PX-5'] }, (query) => {
    expect(refusalOf(graph, `GET /v1.0/me?${query}`)).toMatch(/^request_invalid: .*semicolon/);
  });
});
