import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { createHasFileToken, createIsFileUrl } from '../../../src/shared/graph/file-urls.ts';
import { readLinkHeader, withoutLinkHeader } from '../../../src/shared/graph/link-header.ts';
import { createLinks } from '../../../src/shared/graph/links.ts';
import { createToOwnUrl } from '../../../src/shared/graph/own-url.ts';
import { createPageLinks, MAX_PAGE_LINK_LENGTH } from '../../../src/shared/graph/page-links.ts';
import { requireAllowed } from '../../../src/shared/policy/match.ts';
import type { ApiRequest } from '../../../src/shared/proxy/forward.ts';
import { cpuMs } from '../../support/cpu-time.ts';
import { fileOf, policyOf, requestedCall } from '../../support/policies.ts';
import { isWholeRun } from '../../support/scale.ts';

const graph = 'https://graph.microsoft.com';
const own = 'https://app.example/api/graph';
const policy = policyOf(
  fileOf(
    { path: '/v1.0/me/drive/root/children', query: { $filter: true, $skiptoken: true } },
    { path: '/v1.0/me/things/{id}/list', query: { $skiptoken: true } },
  ),
);
const needs = { graphOrigin: graph, ownPrefix: own, indexKey: randomBytes(32), policy };
const pageLinks = createPageLinks(needs);
const links = createLinks({
  toOwnUrl: createToOwnUrl(needs),
  isFileUrl: createIsFileUrl('public', graph),
  hasFileToken: createHasFileToken('public', graph),
  pageLinks,
});
const user = {
  tenantId: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01',
  objectId: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01',
};
const list = '/v1.0/me/drive/root/children';

/** A link of this total length, with a token as SharePoint writes it for a folder with a Japanese name. */
function linkOf(length: number, target = `${list}?$skiptoken=`): string {
  const beginning = `${target}Paged%3dTRUE%26p_Name%3d`;
  const character = '%25E3%2581%2582';
  const count = Math.floor((length - beginning.length) / character.length);
  return `${beginning}${character.repeat(count)}`.padEnd(length, 'x');
}

function ownLinkFor(link: string, call = list): string | undefined {
  const allowed = requireAllowed(pageLinks.match(user, requestedCall(`GET ${call}`)));
  const body = JSON.stringify({ '@odata.nextLink': graph + link });
  const edited = links.editJson(body, { user, call: allowed }, () => undefined, 200);
  const { '@odata.nextLink': ownLink } = JSON.parse(edited?.text ?? '{}');
  return ownLink?.slice(own.length) ?? edited?.headers['bff-removed-links'];
}

/** What a request with the link in its header asks for, or code and rule of its refusal. */
function sentFor(link: string | undefined, request: Partial<ApiRequest> = {}): string {
  const header = (name: string) => (name === 'x-graph-link' ? link : undefined);
  const whole: ApiRequest = {
    id: '1',
    startedMs: 0,
    method: 'GET',
    path: list,
    routeParameter: list.slice(1),
    query: '',
    embed: undefined,
    header,
    body: async () => undefined,
    ...request,
  };
  try {
    const linked = readLinkHeader(whole);
    if (linked === undefined) return 'no link';
    const call = requireAllowed(pageLinks.matchSigned(user, linked));
    return `${call.path}?${call.query}`;
  } catch (error) {
    if (!(error instanceof BffError)) throw error;
    return [error.code, ...error.rules].join(' ');
  }
}

describe('a link that is too long for the query of a caller', () => {
  it.each([4_200, 8_100, 8_300, 12_000, MAX_PAGE_LINK_LENGTH - 53])(
    'gets a MAC and is sent to Graph as Graph wrote it, with %i bytes',
    { tags: ['PX-14'] },
    (length) => {
      const link = linkOf(length);
      const ownLink = ownLinkFor(link) ?? '';
      expect(ownLink).toMatch(/&bff_link=[\w-]{43}$/);
      expect(ownLink.length).toBeLessThanOrEqual(MAX_PAGE_LINK_LENGTH);
      expect(sentFor(ownLink)).toBe(link);
    },
  );

  it('gets a MAC even if its characters are those that a caller may write', { tags: ['PX-14'] }, () => {
    const link = `${list}?$skiptoken=`.padEnd(9_000, 'x');
    expect(sentFor(ownLinkFor(link))).toBe(link);
  });

  it('is removed with its reason if it has more than 16 KiB with its MAC', { tags: ['PX-14'] }, () => {
    for (const length of [
      MAX_PAGE_LINK_LENGTH - 52,
      MAX_PAGE_LINK_LENGTH - 25,
      MAX_PAGE_LINK_LENGTH + 1,
      10_000_000,
    ])
      expect(ownLinkFor(linkOf(length))).toBe('nextLink=too-long');
  });

  it('may be short, and its path may be encoded in another way by the host', () => {
    const thing = '/v1.0/me/things/A1%3D%21/list';
    const ownLink = ownLinkFor(`${thing}?$skiptoken=a%26b`, thing) ?? '';
    const path = { path: '/v1.0/me/things/A1=!/list', routeParameter: 'v1.0/me/things/A1=!/list' };
    expect(sentFor(ownLink, path)).toBe(`${thing}?$skiptoken=a%26b`);
  });

  it('is not forwarded as a header', { tags: ['PX-7'] }, () => {
    const header = (name: string) => `${name}!`;
    const request: ApiRequest = {
      id: '1',
      startedMs: 0,
      method: 'GET',
      path: list,
      routeParameter: '',
      query: '',
      embed: undefined,
      header,
      body: async () => undefined,
    };
    const { header: left } = withoutLinkHeader(request);
    expect([left('x-graph-link'), left('accept')]).toEqual([undefined, 'accept!']);
  });
});

describe('refuses', () => {
  const link = ownLinkFor(linkOf(9_000)) ?? '';
  const shortLink = ownLinkFor(linkOf(5_000)) ?? '';
  const mac = link.slice(-43);
  const invalid = 'request_invalid header';

  it.each(['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'get'])(
    'the header with %s',
    { tags: ['PX-14'] },
    (method) => {
      expect(sentFor(link, { method })).toBe(invalid);
    },
  );

  it('the header beside a query, even the same one', { tags: ['PX-14'] }, () => {
    for (const query of ['$top=1', `bff_link=${mac}`, link.slice(list.length + 1)])
      expect(sentFor(link, { query })).toBe(invalid);
  });

  it('more than 16 KiB before reading it', { tags: ['PX-14', 'DO-3'] }, () => {
    expect(sentFor(link.padEnd(MAX_PAGE_LINK_LENGTH + 1, 'x'))).toBe(invalid);
    expect(sentFor(`${list}?${'a=b&'.repeat(4096)}`)).toBe(invalid);
  });

  it.each([
    ['another path', { path: '/v1.0/me/drive', routeParameter: 'v1.0/me/drive' }],
    ['a longer path', { path: `${list}/x`, routeParameter: `${list.slice(1)}/x` }],
    ['a path in another letter case', { path: list, routeParameter: list.slice(1).toUpperCase() }],
    ['no path', { path: '/', routeParameter: '' }],
  ])('a link for a request with %s', { tags: ['PX-14'] }, (_what, request) => {
    expect(sentFor(link, request)).toBe('request_invalid');
  });

  it.each([
    ['nothing', ''],
    ['a query alone', link.slice(list.length)],
    ['the path alone', list],
    ['a path without its slash', link.slice(1)],
    ['an absolute link', own + link],
    ['a link of Graph', graph + link],
    ['a link with dot segments', link.replace('/me/', '/me/../me/')],
    ['a link with a fragment', `${link}#x`],
    ['two links, as the host joins two headers', `${shortLink},${shortLink}`],
    ['two links with a space', `${shortLink}, ${shortLink}`],
    ['a link and a second query', `${link}?$filter=x`],
    ['a link with control characters', `${link}\t`],
    ['a link in another encoding', link.replace('%26p_Name', '\u0026p_Name')],
  ])('%s in the header', { tags: ['PX-14'] }, (_what, text) => {
    expect(sentFor(text)).toMatch(/^(?:request_invalid|path_not_allowed (?:link|query))$/);
  });

  it('a link without a MAC, with another one, with two, or with a changed option', {
    tags: ['PX-14'],
  }, () => {
    const bare = link.replace(/&bff_link=.*/, '');
    for (const text of [
      bare,
      `${list}?$skiptoken=x`,
      `${bare}&bff_link=`,
      `${bare}&bff_link=${'A'.repeat(43)}`,
      `${bare}&bff_link=${mac.toLowerCase()}`,
      `${link}&bff_link=${mac}`,
      link.replace('p_Name', 'p_name'),
      `${link}&$skip=1`,
      link.replace('$skiptoken', '$deltatoken'),
    ])
      expect(sentFor(text), text).toBe('path_not_allowed link');
    expect(sentFor(`${link}&$filter=a`)).toBe('path_not_allowed link');
    expect(sentFor(`${link}&$expand=a`)).toBe('path_not_allowed query');
  });

  it('more than 4 KiB of options that Graph did not write, with any MAC', { tags: ['PX-5', 'DO-3'] }, () => {
    const filter = `$filter=${'not '.repeat(1100)}`.replaceAll(' ', '%20');
    expect(sentFor(`${list}?$skiptoken=x&${filter}&bff_link=${mac}`)).toBe('request_invalid');
    expect(sentFor(`${list}?${'a&'.repeat(5000)}bff_link=${mac}`)).toBe('request_invalid');
  });

  it('random changes of a link, unless it still means the same', { tags: ['PX-14'] }, () => {
    const meaningOf = (text: string) => {
      const [path, query = ''] = text.split('?');
      return [path, ...new URLSearchParams(query)].map(String).sort();
    };
    const target = `${list}?$filter=a%20eq%20%27b%27&$skiptoken=Paged%3dTRUE%26p_Name%3dR%2526D`;
    const ownLink = ownLinkFor(target, `${list}?$filter=a%20eq%20%27b%27`) ?? '';
    expect(meaningOf(sentFor(ownLink))).toEqual(meaningOf(target));
    const piece = fc.constantFrom(
      ...[
        '',
        '&',
        '=',
        '%',
        '%26',
        '%25',
        '+',
        '?',
        '#',
        '/',
        "'",
        ',',
        '$',
        'x',
        'A',
        '3d',
        '$skip=1&',
        '$top=1&',
      ],
    );
    const change = fc.tuple(fc.nat(ownLink.length), fc.nat(3), piece);
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let text = ownLink;
        for (const [at, removed, added] of changes)
          text = text.slice(0, at) + added + text.slice(at + removed);
        const outcome = sentFor(text);
        if (/^(?:request_invalid|path_not_allowed)/.test(outcome)) return;
        accepted++;
        expect(meaningOf(outcome), text).toEqual(meaningOf(target));
      }),
      { numRuns: isWholeRun ? 20_000 : 2_000 },
    );
    expect(accepted).toBeLessThan(isWholeRun ? 2_000 : 200);
  });

  it('a query of 4 MiB in a batch without reading it', { tags: ['DO-3'] }, () => {
    const query = `${'&'.repeat(4 * 1024 * 1024)}bff_link=${mac}`;
    let match: unknown;
    const ms = cpuMs(() => {
      match = pageLinks.match(user, { method: 'GET', path: list, query });
    });
    expect(match).toMatchObject({ code: 'request_invalid' });
    expect(ms).toBeLessThan(200);
  });

  it('forged links of 16 KiB in time', { tags: ['DO-3'] }, () => {
    const forged = [
      `${list}?$skiptoken=${'%25'.repeat(5_000)}&bff_link=${mac}`,
      `${list}?$skiptoken=${'%E3%81%82'.repeat(1_800)}&bff_link=${mac}`,
      `${list}?${'bff_link=&'.repeat(1_600)}$skiptoken=x`,
      `${list}?${'&'.repeat(16_000)}`,
      `${list}?$skiptoken=${"'(;".repeat(5_000)}&bff_link=${mac}`,
      `${'/a'.repeat(8_000)}?bff_link=${mac}`,
    ];
    const ms = cpuMs(() => {
      for (let round = 0; round < 10; round++) for (const text of forged) sentFor(text);
    });
    expect(ms).toBeLessThan(1_000);
  });
});
