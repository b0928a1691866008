import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHasFileToken, createIsFileUrl } from '../../../src/shared/graph/file-urls.ts';
import { spellingsOf } from '../../../src/shared/graph/link-spellings.ts';
import { createLinks } from '../../../src/shared/graph/links.ts';
import { createToOwnUrl } from '../../../src/shared/graph/own-url.ts';
import { createPageLinks } from '../../../src/shared/graph/page-links.ts';
import { type AllowedCall, requireAllowed } from '../../../src/shared/policy/match.ts';
import { cpuMs } from '../../support/cpu-time.ts';
import { fileOf, policyOf, requestedCall } from '../../support/policies.ts';
import { isWholeRun } from '../../support/scale.ts';

const graph = 'https://graph.microsoft.com';
const own = 'https://app.example/api/graph';
const objectId = 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01';
const user = { tenantId: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01', objectId };
const otherId = 'be9ce000-52d1-4b6e-9f3a-7c0e4d8b2a02';

/** No rule names an option for pages, except for one that names another one than Graph uses. */
const policy = policyOf(
  fileOf(
    { path: '/v1.0/me/mailFolders/{folder}/messages', query: { $select: true } },
    { path: '/v1.0/me/contactFolders/delta' },
    {
      path: '/v1.0/me/calendar/calendarView/delta',
      query: { startDateTime: true, endDateTime: true, $skiptoken: true },
    },
    { path: '/v1.0/users/{id}/memberOf' },
    { path: '/v1.0/me/todo/lists', query: { $top: { max: 100 }, $skip: { max: 50 } } },
    { path: '/v1.0/me/drive/root/children', query: { $top: true } },
    { path: '/v1.0/me/drive/items/{id}/children' },
    { path: '/v1.0/me/drive/root:/{folder}:/children' },
    { path: '/v1.0/drives/{drive}/root/children' },
    { path: '/v1.0/drives/{drive}/items/{id}/children' },
    { path: '/v1.0/groups/{group}/drive/root/children' },
    { path: '/beta/me/drive/root/children' },
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
const token = 'Paged%3dTRUE%26p_Name%3dR%2526D';

/** What Graph receives if the browser follows a link that Graph wrote, or the header that says why it was removed. */
function followed(call: string, link: string): string | undefined {
  const allowed = requireAllowed(pageLinks.match(user, requestedCall(`GET ${call}`)));
  const body = JSON.stringify({ '@odata.nextLink': graph + link, value: [] });
  const edited = links.editJson(body, { user, call: allowed }, () => undefined, 200);
  const { '@odata.nextLink': ownLink } = JSON.parse(edited?.text ?? '{}');
  if (ownLink === undefined) return edited?.headers['bff-removed-links'];
  const match = pageLinks.match(user, requestedCall(`GET ${ownLink.slice(own.length)}`));
  return match.kind === 'allowed' ? `${match.call.path}?${match.call.query}` : match.detail;
}

describe('a link in a spelling of Graph comes out, and is sent as the rule or the call is spelt', () => {
  it.each([
    [
      'a folder in parentheses, in lower case',
      '/v1.0/me/mailFolders/A1=/messages?$select=subject',
      `/v1.0/me/mailfolders('A1%3D')/messages?%24select=subject&%24skiptoken=${token}`,
      `/v1.0/me/mailFolders('A1%3D')/messages?$select=subject&$skiptoken=${token}`,
    ],
    [
      'changes of folders, in lower case',
      '/v1.0/me/contactFolders/delta',
      `/v1.0/me/contactfolders/delta?$deltatoken=${token}`,
      `/v1.0/me/contactFolders/delta?$deltatoken=${token}`,
    ],
    [
      'changes of a calendar, whose options Graph puts into its token',
      '/v1.0/me/calendar/calendarView/delta?$skiptoken=x',
      `/v1.0/me/calendar/calendarview/delta?$skiptoken=${token}`,
      `/v1.0/me/calendar/calendarView/delta?$skiptoken=${token}`,
    ],
    [
      'the user by id',
      '/v1.0/me/calendar/calendarView/delta?$skiptoken=x',
      `/v1.0/users('${objectId.toUpperCase()}')/calendar/calendarView/delta?$skiptoken=${token}`,
      `/v1.0/me/calendar/calendarView/delta?$skiptoken=${token}`,
    ],
    [
      'the user by id, without parentheses, and a folder',
      '/v1.0/me/mailFolders/A1=/messages',
      `/v1.0/Users/${objectId}/mailFolders('A1=')/messages?$skip=10`,
      "/v1.0/me/mailFolders('A1=')/messages?$skip=10",
    ],
    [
      'another user in parentheses',
      `/v1.0/users/${otherId}/memberOf`,
      `/v1.0/users('${otherId}')/memberOf?$skiptoken=${token}`,
      `/v1.0/users('${otherId}')/memberOf?$skiptoken=${token}`,
    ],
    [
      'a drive and a folder by id, for the root',
      '/v1.0/me/drive/root/children?$top=5',
      `/v1.0/drives('b%21xY-z')/items('01ABC')/children?$top=5&$skiptoken=${token}`,
      `/v1.0/me/drive/root/children?$top=5&$skiptoken=${token}`,
    ],
    [
      'a drive by id, for the root',
      '/v1.0/me/drive/root/children',
      `/v1.0/drives/b!xY-z/root/children?$skiptoken=${token}`,
      `/v1.0/me/drive/root/children?$skiptoken=${token}`,
    ],
    [
      'a drive by id, for a folder by id',
      '/v1.0/me/drive/items/01ABC/children',
      `/v1.0/drives('b!xY-z')/items('01ABC')/children?$skiptoken=${token}`,
      `/v1.0/me/drive/items('01ABC')/children?$skiptoken=${token}`,
    ],
    [
      'a drive and a folder by id, for a folder by its path',
      '/v1.0/me/drive/root:/Q1%20%5Bdraft%5D:/children',
      `/v1.0/drives('b!xY-z')/items('01ABC')/children?$skiptoken=${token}`,
      `/v1.0/me/drive/root:/Q1%20%5Bdraft%5D:/children?$skiptoken=${token}`,
    ],
    [
      'a folder by id, for the root of a drive by id',
      '/v1.0/drives/b!xY-z/root/children',
      `/v1.0/drives('b!xY-z')/items('01ABC')/children?$skiptoken=${token}`,
      `/v1.0/drives('b!xY-z')/root/children?$skiptoken=${token}`,
    ],
    [
      'a drive and a folder by id, for the drive of a group',
      `/v1.0/groups/${otherId}/drive/root/children`,
      `/v1.0/drives('b!xY-z')/items('01ABC')/children?$skiptoken=${token}`,
      `/v1.0/groups/${otherId}/drive/root/children?$skiptoken=${token}`,
    ],
    [
      'a token where the rule expects a number',
      '/v1.0/me/todo/lists?$top=20',
      '/v1.0/me/todo/lists?$top=20&$skiptoken=MSZZVlF4',
      '/v1.0/me/todo/lists?$top=20&$skiptoken=MSZZVlF4',
    ],
    [
      'letter case and order of options',
      '/v1.0/me/mailFolders/A1=/messages?$select=subject',
      '/v1.0/me/mailFolders/A1=/messages?$SkipToken=x&$Select=subject',
      '/v1.0/me/mailFolders/A1=/messages?$skiptoken=x&$select=subject',
    ],
  ])('%s', { tags: ['PX-14'] }, (_what, call, link, sent) => {
    expect(followed(call, link)).toBe(sent);
  });

  it('a drive and a folder by id, without a MAC if the policy allows them', () => {
    const link = "/v1.0/drives('b!xY-z')/items('01ABC')/children";
    const withToken = policyOf(
      fileOf({ path: '/v1.0/drives/{drive}/items/{id}/children', query: { $skiptoken: true } }),
    );
    expect(createToOwnUrl({ ...needs, policy: withToken })(`${graph}${link}?$skiptoken=x`, user)).toEqual({
      kind: 'own',
      url: `${own}${link}?$skiptoken=x`,
    });
  });
});

describe('a Location of a new item', () => {
  it('names the user by id, and is a link of this service', { tags: ['PX-14'] }, () => {
    const toOwnUrl = createToOwnUrl({
      ...needs,
      policy: policyOf(fileOf({ path: '/v1.0/me/messages/{id}' })),
    });
    const message = "/messages('AAMk=')";
    expect(toOwnUrl(`${graph}/v1.0/users('${objectId}')${message}`, user)).toEqual({
      kind: 'own',
      url: `${own}/v1.0/me${message}`,
    });
    expect(toOwnUrl(`/users('${objectId}')${message}`, user).kind).toBe('own');
    for (const path of [`/v1.0/users('${otherId}')${message}`, `/v1.0/users('me')${message}`])
      expect(toOwnUrl(graph + path, user)).toEqual({ kind: 'removed', reason: 'not-allowed' });
  });
});

describe('refuses', () => {
  it.each([
    [
      'another user as me',
      '/v1.0/me/calendar/calendarView/delta?$skiptoken=x',
      `/v1.0/users('${otherId}')/calendar/calendarView/delta?$skiptoken=${token}`,
      'not-allowed',
    ],
    [
      'another user',
      `/v1.0/users/${otherId}/memberOf`,
      `/v1.0/users('${objectId}')/memberOf?$skiptoken=${token}`,
      'other-call',
    ],
    [
      'a name that begins with the id of the user',
      '/v1.0/me/mailFolders/A1=/messages',
      `/v1.0/users('${objectId}x')/mailFolders('A1=')/messages?$skip=10`,
      'not-allowed',
    ],
    [
      'another list of the user by id',
      '/v1.0/me/mailFolders/A1=/messages',
      `/v1.0/users('${objectId}')/mailFolders('B1=')/messages?$skip=10`,
      'other-call',
    ],
    [
      'a list of the user by id that no rule names',
      '/v1.0/me/mailFolders/A1=/messages',
      `/v1.0/users('${objectId}')/messages?$skip=10`,
      'not-allowed',
    ],
    [
      'another folder of a drive',
      '/v1.0/me/drive/items/01ABC/children',
      `/v1.0/drives('b!xY-z')/items('01OTHER')/children?$skiptoken=${token}`,
      'other-call',
    ],
    [
      'another drive than the one that the call names',
      '/v1.0/drives/b!xY-z/root/children',
      `/v1.0/drives('b!other')/items('01ABC')/children?$skiptoken=${token}`,
      'other-call',
    ],
    [
      'something else of a drive',
      '/v1.0/me/drive/root/children',
      `/v1.0/drives('b!xY-z')/items('01ABC')/versions?$skiptoken=${token}`,
      'not-allowed',
    ],
    [
      'another version',
      '/v1.0/me/drive/root/children',
      `/beta/drives('b!xY-z')/items('01ABC')/children?$skiptoken=${token}`,
      'not-allowed',
    ],
    [
      'dot segments behind a drive',
      '/v1.0/me/drive/root/children',
      `/v1.0/drives('b!xY-z')/items('..')/children/../children?$skiptoken=${token}`,
      'not-allowed',
    ],
    ...['drives/../items/01ABC', 'drives/b!xY-z/items/..', 'drives/b!xY-z/items/a%2Fb'].map((place) => [
      `a part that the spelling of the call would leave out: ${place}`,
      '/v1.0/me/drive/root/children',
      `/v1.0/${place}/children?$skiptoken=${token}`,
      'not-allowed',
    ]),
    [
      'a number above the limit of the rule',
      '/v1.0/me/todo/lists',
      '/v1.0/me/todo/lists?$skip=60',
      'not-allowed',
    ],
  ])('%s', { tags: ['PX-14'] }, (_what, call, link, reason) => {
    expect(followed(call, link)).toBe(`nextLink=${reason}`);
  });

  it('random links, unless they lead to what the call has read, for its user and with its options', {
    tags: ['PX-14', 'PX-17'],
  }, () => {
    const calls = fc.constantFrom(
      ...['/v1.0/me/drive/root/children?$top=5', '/v1.0/me/drive/root/children'],
      ...['/v1.0/me/drive/items/01ABC/children', '/v1.0/me/drive/root:/01ABC:/children'],
      ...['/v1.0/drives/b!x/root/children', "/v1.0/drives('b!x')/items/01ABC/children"],
      ...[`/v1.0/groups/${otherId}/drive/root/children`, '/v1.0/me/mailFolders/01ABC/messages?$select=id'],
    );
    const id = fc.constantFrom(
      '01ABC',
      '01DEF',
      'b!x',
      otherId,
      objectId,
      objectId.toUpperCase(),
      'root',
      '..',
    );
    const key = (name: string) =>
      fc.tuple(id, fc.boolean()).map(([text, isQuoted]) => name + (isQuoted ? `('${text}')` : `/${text}`));
    const drive = fc.oneof(
      fc.constant('me/drive'),
      key('drives'),
      fc.tuple(fc.constantFrom('users', 'groups'), id).map(([owner, text]) => `${owner}/${text}/drive`),
    );
    const item = fc.oneof(
      fc.constant('root'),
      key('items'),
      id.map((text) => `root:/${text}:`),
    );
    const paths = fc.oneof(
      fc.tuple(drive, item).map((parts) => `${parts.join('/')}/children`),
      fc
        .tuple(fc.oneof(fc.constant('me'), key('Users')), key('mailfolders'))
        .map((parts) => `${parts.join('/')}/messages`),
    );
    const options = fc.constantFrom(
      '',
      '',
      '',
      '&$TOP=5',
      '&%24select=id',
      '&$top=6',
      '&$filter=a',
      '&bff_link=x',
    );
    const paging = fc.constantFrom(
      '$skiptoken=a%26$top=9',
      '$SkipToken=%2526',
      '$skip=1',
      '$deltatoken=',
      'skiptoken=x',
    );
    const link = fc
      .tuple(fc.constantFrom('/v1.0/', '/V1.0/', '/beta/'), paths, paging, options)
      .map(([version, path, ...query]) => `${version}${path}?${query.join('')}`);
    const read = ({ resource, options }: AllowedCall) => [
      resource,
      options.filter(({ name }) => !/^\$(?:skip|skiptoken|deltatoken)$/.test(name)).map(({ value }) => value),
    ];
    let signed = 0;
    fc.assert(
      fc.property(calls, link, (callText, linkText) => {
        const asked = pageLinks.match(user, requestedCall(`GET ${callText}`));
        const edit =
          asked.kind === 'allowed'
            ? pageLinks.sign(user, asked.call, '@odata.nextLink', graph + linkText)
            : undefined;
        if (asked.kind !== 'allowed' || edit?.kind !== 'own') return;
        signed++;
        const requested = requestedCall(`GET ${edit.url.slice(own.length)}`);
        const call = requireAllowed(pageLinks.match(user, requested));
        expect(read(call), `${callText} ${linkText}`).toEqual(read(asked.call));
        for (const other of [{ objectId: otherId }, { tenantId: otherId }])
          expect(pageLinks.match({ ...user, ...other }, requested)).toMatchObject({ part: 'link' });
      }),
      { numRuns: isWholeRun ? 50_000 : 3_000 },
    );
    expect(signed).toBeGreaterThan(0);
  });

  it('a caller who writes the options that links may have', { tags: ['PX-5'] }, () => {
    for (const query of ['$skiptoken=x', '$skip=1', '$deltatoken=x', 'skiptoken=x'])
      expect(pageLinks.match(user, requestedCall(`GET /v1.0/me/drive/root/children?${query}`))).toMatchObject(
        {
          kind: 'refused',
          part: 'query',
        },
      );
  });
});

describe('the spellings of a path', () => {
  it('are found in time, however long the path is', { tags: ['DO-3'] }, () => {
    const call = { path: `/v1.0/me/drive/root:/${'a/:'.repeat(700)}:/children` };
    const paths = [
      "/v1.0/drives('",
      '/v1.0/drives/b/items/',
      "/v1.0/users('x')/drive/root:/",
      '/v1.0/me/drive/',
    ].map((beginning) => beginning.padEnd(16_000, "a:/'"));
    const ms = cpuMs(() => {
      for (const path of paths) spellingsOf(path, call, user);
    });
    expect(ms).toBeLessThan(100);
  });
});
