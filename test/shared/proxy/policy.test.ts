import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPolicy } from '../../../src/policy-file.ts';
import { BffError } from '../../../src/shared/errors.ts';
import { parseGraphPolicy } from '../../../src/shared/graph/graph-policy.ts';
import { allowedCall } from '../../../src/shared/proxy/allowed-call.ts';
import type { Policy } from '../../../src/shared/proxy/policy.ts';

const shipped = readPolicy(undefined);

function policyOf(document: unknown): Policy {
  const reading = parseGraphPolicy(document);
  if (reading.kind === 'invalid') throw new Error(reading.faults.join('\n'));
  return reading.policy;
}

function match(policy: Policy, method: string, raw: string): 'allowed' | 'refused' {
  try {
    allowedCall(policy, { method, path: raw, query: '' });
    return 'allowed';
  } catch (error) {
    if (error instanceof BffError) return 'refused';
    throw error;
  }
}

/** Paths that the shipped policy allows, one per rule. */
const permitted = [
  ['GET', '/v1.0/me'],
  ['GET', '/v1.0/me/photo'],
  ['GET', '/v1.0/me/photo/$value'],
  ['HEAD', '/v1.0/me/photo/$value'],
  ['GET', '/v1.0/me/memberOf'],
  ['GET', '/v1.0/me/messages'],
  ['GET', '/v1.0/me/messages/AAMkAGI2-_Q='],
] as const;

describe('policy.match', () => {
  it.each(permitted)('allows %s %s', (method, raw) => {
    expect(match(shipped, method, raw)).toBe('allowed');
  });

  it('names feature and least permission of the rule', () => {
    const call = allowedCall(shipped, { method: 'GET', path: '/v1.0/me/messages', query: '' });
    expect(call).toMatchObject({ feature: 'mail', scopes: ['Mail.Read'] });
  });

  it('asks at sign-in only for the features that say so', () => {
    expect(shipped.signInScopes).toEqual(['User.Read']);
  });
});

describe('refuses', () => {
  const otherMethods = [
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'get',
    'Get',
    'CONNECT',
    'MERGE',
    '',
  ];

  it.each(permitted)('%s %s in another method, version, case or spelling (PX-4)', (method, raw) => {
    for (const other of otherMethods) expect(match(shipped, other, raw), `${other} ${raw}`).toBe('refused');
    for (const variant of variantsOf(raw)) {
      expect(match(shipped, method, variant), variant).toBe('refused');
    }
  });

  it('everything when no rule exists (PX-4)', () => {
    for (const empty of [{ features: {} }, { features: { nothing: { title: 'Nothing', rules: [] } } }]) {
      for (const [method, raw] of permitted) expect(match(policyOf(empty), method, raw)).toBe('refused');
    }
  });

  it.each([
    '/v1.0/$batch',
    '/v1.0/%24batch',
    '/v1.0/me/messages/$count',
    '/v1.0/me/messages/$ref',
    '/v1.0/me/messages/%24value',
    "/v1.0/me/messages('x')",
    "/v1.0/me/messages/microsoft.graph.eventMessage('x')",
    '/v1.0/me/messages/microsoft.graph.eventMessage',
    '/v1.0/me/messages/Microsoft.Graph.eventMessage',
    '/v1.0/me/messages/graph.eventMessage',
    '/v1.0/me/messages/delta',
    '/v1.0/me/messages/x(1)',
    '/v1.0/me/messages/a;b',
    '/v1.0/me/messages/a:b',
    '/v1.0/me/messages/a,b',
    '/v1.0/me/messages/a%20b',
    '/v1.0/me/messages/%C3%A9',
    '/v1.0/users',
    '/v1.0/me/messages/x/attachments',
    '/v1.0/me/sendMail',
    '/v1.0/me/microsoft.graph.user',
  ])('%s, which no rule names (PX-4)', (raw) => {
    for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']) {
      expect(match(shipped, method, raw), `${method} ${raw}`).toBe('refused');
    }
  });

  it.each([
    ['an unknown word', { features: {}, allowAll: true }],
    ['a method of no kind', rule({ methods: ['TRACE'] })],
    ['a method in lower case', rule({ methods: ['get'] })],
    ['no method', rule({ methods: [] })],
    ['a path without its slash', rule({ path: 'v1.0/me' })],
    ['a wildcard', rule({ path: '/v1.0/*' })],
    ['an empty segment', rule({ path: '/v1.0//me' })],
    ['a query in a path', rule({ path: '/v1.0/me?x' })],
    ['an encoded path', rule({ path: '/v1.0/%6de' })],
    ['half a parameter', rule({ path: '/v1.0/me/x{id}' })],
    ['a query option that carries a token', rule({ query: ['access_token'] })],
    ['no permission', rule({ scopes: [] })],
    ['the resource default', rule({ scopes: ['https://graph.microsoft.com/.default'] })],
    ['no object', null],
    ['a list', []],
    ['text', 'allow'],
  ])('a policy file with %s (PX-4)', (_what, document) => {
    const reading = parseGraphPolicy(document);
    expect(reading.kind).toBe('invalid');
    if (reading.kind === 'invalid') expect(reading.faults.length).toBeGreaterThan(0);
  });
});

describe('a feature called like a property of every object', () => {
  it('is not there', () => {
    const policy = policyOf(JSON.parse('{"features":{"__proto__":{"title":"x","rules":[]}}}'));
    expect(policy.features).toEqual([]);
    for (const name of ['__proto__', 'constructor', 'toString']) expect(policy.feature(name)).toBeUndefined();
  });
});

function rule(change: object): unknown {
  const good = { methods: ['GET'], path: '/v1.0/me', scopes: ['User.Read'] };
  return { features: { profile: { title: 'Profile', rules: [{ ...good, ...change }] } } };
}

function variantsOf(raw: string): string[] {
  const [, , ...rest] = raw.split('/');
  const last = rest.at(-1) ?? '';
  const before = raw.slice(0, -last.length);
  return [
    `/beta/${rest.join('/')}`,
    `/V1.0/${rest.join('/')}`,
    `/v1.0.0/${rest.join('/')}`,
    `/v1/${rest.join('/')}`,
    `/${rest.join('/')}`,
    `/v1.0/ME/${rest.slice(1).join('/')}`,
    `/v1.0/%6De${raw.slice('/v1.0/me'.length)}`,
    `${raw}/`,
    `${raw}//`,
    `/${raw}`,
    raw.replace('/me', '//me'),
    `${raw};x=1`,
    `${raw}.json`.replace('Q=.json', 'Q=/.json'),
    `${raw}/.`,
    `${raw}/x/..`,
    `${raw}%20`,
    `${raw}%00`,
    `${raw}%2f`,
    `${raw}()`,
    `${raw}('x')`,
    `${raw}/$value/$value`,
    `${raw}/$count`,
    `${raw}?$select=id`,
    `${raw}#x`,
    `${before}%2e%2e/${last}`,
    `${before}./${last}`,
    ...(raw.includes('$') ? [raw.replace('$', '%24')] : []),
  ];
}

const segment = fc.constantFrom(
  ...[
    'v1.0',
    'beta',
    'V1.0',
    'me',
    'ME',
    '%6de',
    'messages',
    'photo',
    '$value',
    '%24value',
    'memberOf',
    'users',
    '..',
    '.',
  ],
  ...['%2e%2e', '%252e', 'AAMk=', '%41', 'a;b', "('x')", '', 'a%2fb', 'a b', 'é', '$count', '~', '...'],
);

describe('every path that is allowed', () => {
  it('is one that a rule spells out, whatever is thrown at it (PX-4)', () => {
    const spelledOut =
      /^\/v1\.0\/me(?:\/photo(?:\/\$value)?|\/memberOf|\/messages(?:\/(?:[A-Za-z0-9_@.!~=+-]|%[0-9A-Fa-f]{2})+)?)?$/;
    fc.assert(
      fc.property(
        fc.array(segment, { maxLength: 6 }),
        fc.constantFrom('GET', 'HEAD', 'POST'),
        (segments, method) => {
          const raw = `/${segments.join('/')}`;
          if (match(shipped, method, raw) === 'refused') return;
          expect(raw).toMatch(spelledOut);
          expect(method).not.toBe('POST');
        },
      ),
      { numRuns: 5000 },
    );
  });
});
