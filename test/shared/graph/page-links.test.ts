import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createHasFileToken, createIsFileUrl } from '../../../src/shared/graph/file-urls.ts';
import { createLinks } from '../../../src/shared/graph/links.ts';
import { createToOwnUrl } from '../../../src/shared/graph/own-url.ts';
import { createPageLinks } from '../../../src/shared/graph/page-links.ts';
import { type AllowedCall, requireAllowed } from '../../../src/shared/policy/match.ts';
import type { ApiResponse } from '../../../src/shared/proxy/api-response.ts';
import { fileOf, policyOf, requestedCall } from '../../support/policies.ts';

const graph = 'https://graph.microsoft.com';
const own = 'https://app.example/api/graph';
const paged = { $top: { max: 10 }, $skiptoken: true, $skip: true } as const;
const rules = [
  {
    path: '/v1.0/me/messages',
    query: {
      ...paged,
      $select: { fields: ['id', 'subject'] },
      $filter: true,
      startDateTime: { maxLength: 40 },
    },
  },
  { path: '/v1.0/me/mailFolders/{id}/messages', query: paged },
  { path: '/v1.0/me/events', query: paged },
  { path: '/v1.0/me/drive/items/{id}/content', query: paged },
  { path: '/v1.0/me/messages/{id}/attachments/{attachment}/$value', query: paged },
  { path: '/v1.0/me/drive/root:/{file}:/content', query: paged },
  { path: '/v1.0/users/{id}/extensions/{extension}', query: paged },
  { path: '/v1.0/users/{id}/extensions/prefs', query: paged },
  {
    path: '/v1.0/groups/{id}',
    query: { $expand: { navigations: { members: { $select: { fields: ['id'] }, $top: true } } } },
  },
  { path: '/v1.0/groups/{id}/members', query: { ...paged, $select: { fields: ['id', 'mail'] } } },
];
const policy = policyOf(fileOf(...rules));
const indexKey = randomBytes(32);
const needs = { graphOrigin: graph, ownPrefix: own, indexKey };
const pageLinks = createPageLinks({ ...needs, policy });
const links = createLinks({
  toOwnUrl: createToOwnUrl({ ...needs, policy }),
  isFileUrl: createIsFileUrl('public', graph),
  hasFileToken: createHasFileToken('public', graph),
  pageLinks,
});
const tenantId = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const alice = { tenantId, objectId: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01' };
const ben = { tenantId, objectId: 'be9ce000-52d1-4b6e-9f3a-7c0e4d8b2a02' };
const aliceElsewhere = { ...alice, tenantId: '8b1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d02' };

/** A page token of SharePoint: its own options, encoded once more. */
const token = 'Paged%3dTRUE%26p_Name%3dR%2526D%252f%26p_ID%3d5';

const typed = (target: string): AllowedCall =>
  requireAllowed(pageLinks.match(alice, requestedCall(`GET ${target}`)));

/** Returns the body of the response if Graph answers a call with this value. */
const answerTo = (...answer: Parameters<typeof responseTo>): string =>
  Buffer.from(responseTo(...answer).body).toString();

/** Returns the response if Graph answers a call with this value. */
function responseTo(
  target: string,
  value: unknown,
  { status = 200, type = 'application/json;odata.metadata=minimal', location = '' } = {},
): ApiResponse {
  const exchange = {
    request: { method: 'GET', path: target, headers: {} },
    response: {
      status,
      headers: { 'content-type': type, ...(location === '' ? {} : { location }) },
      body: Buffer.from(JSON.stringify(value)),
    },
    sentTokens: [],
  };
  const answered = { user: alice, call: typed(target) };
  return links.toResponse(exchange, answered, () => undefined, new Date(0));
}

const nextOf = (target: string, link: string): string | undefined =>
  JSON.parse(answerTo(target, { '@odata.nextLink': graph + link, value: [] }))['@odata.nextLink'];

/** Returns the header that names the removed link. */
function removedFrom(target: string, link: string): string | undefined {
  expect(nextOf(target, link)).toBeUndefined();
  return responseTo(target, { '@odata.nextLink': graph + link }).headers['bff-removed-links'];
}

/** Returns what is sent to Graph if the browser follows a page link, or code and part of the refusal. */
function follow(link: string, user = alice, from = pageLinks, method = 'GET'): string {
  const match = from.match(user, requestedCall(`${method} ${link.slice(own.length)}`));
  if (match.kind === 'allowed') return `${match.call.path}?${match.call.query}`;
  return [match.code, ...(match.part === undefined ? [] : [match.part])].join(' ');
}

const refusal = (reason: string) => ({ kind: 'removed', reason });

const list = '/v1.0/me/messages?$select=subject';
const next = `${list}&$skiptoken=${token}`;

describe('a page link whose token is encoded more than once', () => {
  it('gets a MAC, and is sent to Graph as Graph wrote it', { tags: ['PX-14'] }, () => {
    const link = nextOf(list, next) ?? '';
    expect(link).toMatch(/^https:\/\/app\.example\/api\/graph\/v1\.0\/.*&bff_link=[\w-]{43}$/);
    expect(follow(link)).toBe(next);
  });

  it('leads from page to page', () => {
    const second = nextOf(list, next) ?? '';
    const call = typed(second.slice(own.length));
    const third = pageLinks.sign(alice, call, '@odata.nextLink', `${graph}${next}%252b`);
    expect(follow(third?.kind === 'own' ? third.url : '')).toBe(`${next}%252b`);
  });

  it.each([
    [list, `/v1.0/me/messages?%24select=subject&%24skiptoken=${token}`, next],
    [
      '/v1.0/me/messages?%24select=subject&$top=5',
      `/v1.0/Me/Messages?$Top=5&$select=subject&$skiptoken=${token}`,
      `/v1.0/me/messages?$top=5&$select=subject&$skiptoken=${token}`,
    ],
    [`${list}&$skip=3&$skiptoken=x`, next, next],
    [
      "/v1.0/me/messages?$filter=subject+eq+'a'",
      `/v1.0/me/messages?$filter=subject%20eq%20%27a%27&$skiptoken=${token}`,
      `/v1.0/me/messages?$filter=subject%20eq%20%27a%27&$skiptoken=${token}`,
    ],
  ])('is accepted for the call %s in the form %s, and sent as %s', (call, link, sent) => {
    expect(follow(nextOf(call, link) ?? '')).toBe(sent);
  });

  it('is accepted for the same folder, which Graph writes in parentheses', () => {
    const link = nextOf(
      '/v1.0/me/mailFolders/A1=/messages',
      `/v1.0/me/mailFolders('A1=')/messages?$skiptoken=${token}`,
    );
    expect(follow(link ?? '')).toBe(`/v1.0/me/mailFolders('A1=')/messages?$skiptoken=${token}`);
  });

  it('is accepted for a property that the call expanded, with its options', { tags: ['PX-14'] }, () => {
    const members = `/v1.0/groups/A1=/members?$select=id&$skiptoken=${token}`;
    const call = '/v1.0/groups/A1=?$expand=members($select=id)';
    const answer = JSON.parse(answerTo(call, { 'members@odata.nextLink': graph + members }));
    expect(follow(answer['members@odata.nextLink'])).toBe(members);
  });

  it('is accepted after a library or a browser has rewritten its options', () => {
    const call = "/v1.0/me/messages?$filter=subject eq 'a'&startDateTime=x".replaceAll(' ', '%20');
    const link = nextOf(call, `${call}&$skiptoken=${token}`) ?? '';
    const { searchParams, href } = new URL(link);
    expect(follow(href)).toContain('%27a%27');
    const sorted = [...searchParams].toSorted(([left], [right]) => left.localeCompare(right));
    expect(follow(`${own}/v1.0/me/messages?${new URLSearchParams(sorted)}`)).toContain(
      'skiptoken=Paged%3DTRUE%26',
    );
  });

  it('is sent with its semicolons encoded, which some readers take for the end of an option', {
    tags: ['PX-5', 'PX-14'],
  }, () => {
    const link = nextOf(list, `${list}&$skiptoken=a%3B$expand=b%26`) ?? '';
    const sent = `${list}&$skiptoken=a%3B$expand=b%26`;
    expect([follow(link), follow(link.replace('%3B', ';'))]).toEqual([sent, sent]);
  });

  it('has no MAC if the rule allows it without one', () => {
    const plain = `${list}&$skiptoken=RFNwdAIAAQ`;
    expect(nextOf(list, plain)).toBe(own + plain);
    expect(follow(own + plain)).toBe(plain);
  });
});

describe('a Location', () => {
  const locationOf = (call: string, location: string, status = 410) =>
    responseTo(call, {}, { status, location: graph + location }).headers['location'];

  it.each([410, 200, 503])(
    'of the list that the call has read gets a MAC, with status %i',
    { tags: ['PX-14'] },
    (status) => {
      const location = locationOf(list, `/v1.0/Me/Messages?$deltatoken=${token}&$top=5`, status) ?? '';
      expect(location).toContain('bff_link=');
      expect(follow(location)).toBe(`/v1.0/me/messages?$deltatoken=${token}&$top=5`);
      expect(follow(location, ben)).toBe('path_not_allowed link');
    },
  );

  it.each([
    ['of another list', list, `/v1.0/me/events?$skiptoken=${token}`],
    ['with an option out of bounds', list, `/v1.0/me/messages?$top=50&$skiptoken=${token}`],
    ['of a file', '/v1.0/me/drive/items/A1=/content', `/v1.0/me/drive/items/A1=/content?$skiptoken=${token}`],
    ['of a single object', '/v1.0/groups/A1=', `/v1.0/groups/A1=?$skiptoken=${token}`],
  ])('%s is removed', { tags: ['PX-14'] }, (_what, call, location) => {
    expect(locationOf(call, location)).toBeUndefined();
  });
});

describe('refuses', () => {
  it('the same token without a MAC, with another MAC or with two', { tags: ['PX-5', 'PX-14'] }, () => {
    const link = nextOf(list, next) ?? '';
    const mac = /bff_link=(.*)/.exec(link)?.[1] ?? '';
    expect(follow(own + next)).toBe('request_invalid');
    const macs = [
      '',
      'x',
      mac.slice(1),
      `${mac}A`,
      `${mac}=`,
      mac.toLowerCase(),
      'A'.repeat(43),
      'A'.repeat(5000),
    ];
    for (const other of macs) {
      expect(follow(link.replace(mac, other)), other).toBe('path_not_allowed link');
    }
    for (const other of [`${link}&bff_link=${mac}`, `${own}${list}&bff_link=${mac}`]) {
      expect(follow(other)).toBe('path_not_allowed link');
    }
    for (const name of ['bff%5flink', 'BFF_LINK', '$bff_link']) {
      expect(follow(link.replace('bff_link', name))).toBe('request_invalid');
      expect(follow(`${own}${list}&${name}=${mac}`)).toBe('path_not_allowed query');
    }
  });

  it('a wrong MAC even if the call is allowed without one', { tags: ['PX-14'] }, () => {
    expect(follow(`${own}${list}&bff_link=${'A'.repeat(43)}`)).toBe('path_not_allowed link');
    expect(follow(`${own}${list}&bff_link=`)).toBe('path_not_allowed link');
  });

  it('a link of another user, of the same user in another tenant, and of another key', {
    tags: ['PX-14', 'PX-17'],
  }, () => {
    const link = nextOf(list, next) ?? '';
    expect(follow(link)).toBe(next);
    expect(follow(link, ben)).toBe('path_not_allowed link');
    expect(follow(link, aliceElsewhere)).toBe('path_not_allowed link');
    const elsewhere = createPageLinks({ ...needs, policy, indexKey: randomBytes(32) });
    expect(follow(link, alice, elsewhere)).toBe('path_not_allowed link');
  });

  it('a link whose rule has changed meanwhile', { tags: ['PX-14'] }, () => {
    const link = nextOf(list, next) ?? '';
    const [first, ...rest] = rules;
    for (const change of [{ scopes: ['Mail.Read'] }, { query: { ...first?.query, $count: true } }]) {
      const changed = policyOf(fileOf({ ...first, ...change }, ...rest));
      const later = createPageLinks({ ...needs, policy: changed });
      expect(follow(link, alice, later)).toBe('path_not_allowed link');
    }
    const same = createPageLinks({ ...needs, policy: policyOf(fileOf(...rules)) });
    expect(follow(link, alice, same)).toBe(next);
  });

  it('a link with a changed path, option, value or method', { tags: ['PX-14'] }, () => {
    const link = nextOf(list, next) ?? '';
    for (const changed of [
      link.replace('/me/messages', '/me/events').replace('$select=subject&', ''),
      link.replace('$select=subject', '$select=id'),
      link.replace('$select=subject&', ''),
      link.replace('$select', '$top=1&$select'),
      link.replace('p_ID%3d5', 'p_ID%3d6'),
      link.replace('%26p_ID', '&p_ID'),
      link.replace('%2526', '%26'),
    ]) {
      expect(changed).not.toBe(link);
      expect(follow(changed)).toMatch(/^path_not_allowed (?:link|query)$/);
    }
    expect(follow(link, alice, pageLinks, 'HEAD')).toMatch(/^path_not_allowed/);
  });

  it.each([
    ['another list', '/v1.0/me/messages', `/v1.0/me/events?$skiptoken=${token}`, 'other-call'],
    [
      'another folder',
      '/v1.0/me/mailFolders/A1=/messages',
      `/v1.0/me/mailFolders/B1=/messages?$skiptoken=${token}`,
      'other-call',
    ],
    ['further options', '/v1.0/me/messages', next, 'other-call'],
    ['fewer options', list, `/v1.0/me/messages?$skiptoken=${token}`, 'other-call'],
    ['another value', list, `/v1.0/me/messages?$select=id&$skiptoken=${token}`, 'other-call'],
    ['an encoded "&" in an option that is not for paging', list, `${next}&$filter=a%26b`, 'not-allowed'],
    [
      'an option out of bounds',
      '/v1.0/me/messages?$top=5',
      `/v1.0/me/messages?$top=50&$skiptoken=${token}`,
      'not-allowed',
    ],
    [
      'a path that no rule names',
      list,
      `/v1.0/me/contacts?$select=subject&$skiptoken=${token}`,
      'not-allowed',
    ],
    ['a token in an option of another name', list, `${list}&$skip=1&skiptoken=${token}`, 'not-allowed'],
    [
      'a token in an option of another name, which is not the next page',
      list,
      `${list}&token=${token}`,
      'not-allowed',
    ],
  ])('to sign a link to %s', { tags: ['PX-14'] }, (_what, call, link, reason) => {
    expect(removedFrom(call, link)).toBe(`nextLink=${reason}`);
  });

  it('to sign a link of another origin or without one', { tags: ['PX-14'] }, () => {
    const call = typed(list);
    for (const origin of [
      'https://evil.example',
      'http://graph.microsoft.com',
      `${graph}@evil.example`,
      '',
    ]) {
      expect(pageLinks.sign(alice, call, '@odata.nextLink', origin + next)).toEqual(refusal('other-host'));
    }
  });

  it('to sign a link that is not at the top level of a JSON answer with 200', { tags: ['PX-14'] }, () => {
    const link = { '@odata.nextLink': graph + next };
    expect(answerTo(list, { value: [link], inner: { a: link }, list: [[link]] })).toBe(
      '{"value":[{}],"inner":{"a":{}},"list":[[{}]]}',
    );
    expect(answerTo(list, [link])).toBe('[{}]');
    expect(answerTo(list, link, { status: 404 })).toBe('{}');
    expect(answerTo(list, link, { type: 'application/json, text/html' })).toBe('{}');
    expect(answerTo(list, link, { type: 'application/problem+json' })).toContain('bff_link');
  });

  it.each([
    ['a JSON attachment', '/v1.0/me/messages/A1=/attachments/B1=/$value'],
    ['a file', '/v1.0/me/drive/items/A1=/content'],
    ['a file by its name', '/v1.0/me/drive/root:/a.json:/content'],
    ['an open extension', '/v1.0/users/A1=/extensions/com.contoso.roaming'],
    ['an open extension that the policy spells out', '/v1.0/users/A1=/extensions/prefs'],
  ])('to sign a link from content that users write: %s', { tags: ['PX-14'] }, (_what, call) => {
    // Neither a token that needs a MAC nor an option that the rule does not name.
    for (const query of [`$skiptoken=${token}`, '$deltatoken=x'])
      expect(removedFrom(call, `${call}?${query}`)).toBe('nextLink=unverified');
  });

  it('to sign a link for a property that the call did not expand', {
    tags: ['PX-14'],
  }, () => {
    const members = `${graph}/v1.0/groups/A1=/members?$skiptoken=${token}`;
    for (const [call, name] of [
      ['/v1.0/groups/A1=', 'members'],
      ['/v1.0/groups/A1=?$expand=members($select=id)', 'members'],
      ['/v1.0/groups/A1=?$expand=members', 'owners'],
      ['/v1.0/groups/A1=?$expand=members', ''],
    ] as const) {
      expect(JSON.parse(answerTo(call, { [`${name}@odata.nextLink`]: members }))).toEqual({});
    }
  });
});
