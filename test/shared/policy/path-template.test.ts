import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { graphProfile } from '../../../src/shared/policy/graph-profile.ts';
import { matchPath } from '../../../src/shared/policy/match-path.ts';
import { readUpstreamPath } from '../../../src/shared/policy/path.ts';
import { overlap, parsePathTemplate } from '../../../src/shared/policy/path-template.ts';

/** What is sent for this path, or undefined if it does not match. */
function sentFor(template: string, raw: string): string | undefined {
  const reading = readUpstreamPath(raw);
  if (reading.kind === 'refused') return undefined;
  return matchPath(parsePathTemplate(template), reading.path, graphProfile)?.path;
}

const fits = (template: string, raw: string) => sentFor(template, raw) !== undefined;

const reminders = "/v1.0/me/reminderView(startDateTime='{start}',endDateTime='{end}')";

describe('a path template', () => {
  it.each<readonly [string, string]>([
    ['/v1.0/me', '/v1.0/me'],
    ['/v1.0/me/photo/$value', '/v1.0/me/photo/$value'],
    ['/v1.0/groups/{id}/members/$ref', '/v1.0/groups/0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101/members/$ref'],
    ['/v1.0/me/messages/$count', '/v1.0/me/messages/$count'],
    ['/v1.0/me/memberOf/microsoft.graph.group', '/v1.0/me/memberOf/microsoft.graph.group'],
    ['/v1.0/me/messages/{id}', '/v1.0/me/messages/AAMkAGI2-_Q='],
    ['/v1.0/me/messages/{id}', '/v1.0/me/messages/AAMkAGI2-_Q%3D'],
    ['/v1.0/users/{id}', '/v1.0/users/alice@contoso.example'],
    ['/v1.0/users/{id}', '/v1.0/users/alice%40contoso.example'],
    ['/v1.0/me/drive/items/{id}', '/v1.0/me/drive/items/01BYE5RZ6QN3ZWBTUFOFD3GSPGOHDJD36K!12'],
    ...[
      '0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101',
      'AAMkAGI2TG93AAA=',
      'AAMkAGUwNjQ4ZjIxLTQ3Y2YtNDViMi1iZjc4LTMA',
      'b!t18F8ybsHUq1z3LTz8xvZqP8zaSWjkFNhsME-Fepo75dTf9vQKfeRblBZjoSQrd7',
      '01BYE5RZ6QN3ZWBTUFOFD3GSPGOHDJD36K',
      'D4648F06C91D9D3D!54927',
      'x_y.com@contoso.onmicrosoft.com',
      'graph.fan@contoso.example',
      'microsoft.365@contoso.example',
      'contoso.onmicrosoft.com',
      'com.contoso.roamingSettings',
      'hsOf2dhOJkC6Fey9VjDg1JgAC9Rq',
      'oauth2permissiongrantsxabcde',
      '1616990032035',
      'MC172851',
      'Sheet1',
      '240x240',
      'x_y.com%23EXT%23@contoso.com',
      "brian.o'brian@contoso.com",
      'a.b-c_d!e%5Ef~g@contoso.com',
      '%5Ef%5E@contoso.com',
      '%7B00000000-0001-0000-0000-000000000000%7D',
      'Sheet%201',
      'Q1%20draft%20(final)',
      'Sheet%EF%BC%88%EF%BC%91%EF%BC%89',
      '%C3%9Cbersicht',
      '%E6%97%A5%E6%9C%AC',
      '%F0%9F%8D%8E',
      'a%26b',
      'a,b',
      ',',
      '*',
      "'t1'",
      '100%25',
      '%25',
      'a%E2%88%95b',
      '%E2%80%AEa1',
      '57dab8b1894c409ab240bd8beae78896',
      'bea7ac73-6a1b_0d9a7f34-6a1b',
    ].map((id) => ['/v1.0/users/{id}', `/v1.0/users/${id}`] as const),
    ['/v1.0/chats/{id}', '/v1.0/chats/19:2da4c29f6d7041eca70b638b43d45437@thread.v2'],
    [
      '/v1.0/sites/{id}',
      '/v1.0/sites/contoso.sharepoint.com,2c712604-1370-44e7-a1f5-426573fda80a,2d2244c3-251a-49ea-93a8-39e1c3a060fe',
    ],
    ['/v1.0/me/drive/recent()', '/v1.0/me/drive/recent()'],
    [
      reminders,
      "/v1.0/me/reminderView(startDateTime='2026-01-01T00:00:00Z',endDateTime='2026-02-01T00:00:00+01:00')",
    ],
    ["/v1.0/me/drive/root/search(q='{words}')", "/v1.0/me/drive/root/search(q='Caf%C3%A9%20menu')"],
    ['/v1.0/x/range(count={count})', '/v1.0/x/range(count=10)'],
    [
      '/v1.0/me/drive/special/approot:/{file}:/content',
      '/v1.0/me/drive/special/approot:/Menu%20(new).txt:/content',
    ],
    ['/v1.0/me/drive/root:/{folder}/{file}', '/v1.0/me/drive/root:/Caf%C3%A9/menu.txt'],
    ...[
      'Q1%20%5Bdraft%5D%20%233.docx',
      '100%25%20%7Bnew%7D;%20$5%20%E2%80%99%E2%80%93%F0%9F%8D%8E.txt',
      '.gitignore',
      '~$menu.docx',
      'a%22b',
      '%23',
      '*',
      "search(q='x').txt",
    ].map(
      (name) => ['/v1.0/me/drive/root:/{file}:/content', `/v1.0/me/drive/root:/${name}:/content`] as const,
    ),
    ["/v1.0/x/range(address='{a}')", "/v1.0/x/range(address='$A$1')"],
    ["/v1.0/x/search(q='{q}')", "/v1.0/x/search(q='O''Brien%20&%20S%C3%B8n%20%E2%80%93%20draft%20(final)')"],
    ["/v1.0/x/search(q='{q}')", "/v1.0/x/search(q='report%20(final),%20a;b=$x')"],
    ["/v1.0/x/search(q='{q}')", "/v1.0/x/search(q='%F0%9F%8D%8E%E2%82%AC')"],
    ["/v1.0/x/search(q='{q}')", "/v1.0/x/search(q='..')"],
    ['/v1.0/x/range(at={at})', '/v1.0/x/range(at=2026-01-01T00:00:00%2B01:00)'],
    ['/v1.0/x/range(at={at})', '/v1.0/x/range(at=0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101)'],
    ['/v1.0/x/range(at={at})', '/v1.0/x/range(at=-1.5)'],
  ])('%s matches %s', (template, raw) => {
    expect(fits(template, raw)).toBe(true);
  });

  describe('refuses', () => {
    it.each<readonly [string, string]>([
      ...['inbox', 'delta', '$count', '$value', '%24value', "('x')", 'x(1)', "x('y')", 'a;b', 'a:b'].map(
        (segment) => ['/v1.0/me/messages/{id}', `/v1.0/me/messages/${segment}`] as const,
      ),
      ...[
        'microsoft.graph.user',
        'Microsoft.Graph.User',
        'graph.user',
        'microsoft.management.services.api.updatePriorities',
        'Default.findByCatalogId',
        'a'.repeat(41),
        'getAttackSimulationSimulationUserCoverageReports',
        'oauth2PermissionGrants',
        'OAUTH2PERMISSIONGRANTS',
        'getOffice365ActiveUserDetail',
        'getM365AppUserCounts',
        'b2bManagementPolicies',
        'x509Certificate',
        'alerts_v2',
        'fido2',
        'Fido2Methods',
        'v1',
        '.a1',
        'a1.',
        'delta.',
        '.delta',
        '%20delta',
        'delta%20',
        'delta%C2%A0',
        '%E3%80%80a1',
        'd%65lta',
        // Letters of full width, an invisible character, and a letter whose lower case is "k".
        '%EF%BD%84elta',
        'del%E2%80%8Bta',
        'tas%E2%84%AAs',
        '%E2%80%8B$value',
        '%EF%BC%84value',
        '%E2%80%A5',
        '%EF%BC%8E%EF%BC%8E',
        '%E2%80%8B',
        'delta%20(x)',
        'delta%28x)',
        'microsoft.graph.delta(x)',
        '(x)',
        '$ref',
        'a%3Bb',
        'a%3Ab',
        'x:',
        '19:x',
        'a%3Fb',
        'a%3F$select=x',
        'root%EF%BC%9A',
        'a%CD%BEb',
        'a%EF%BC%8Fmessages',
        'a%EF%BC%85%EF%BC%92f',
      ].map((segment) => ['/v1.0/me/messages/{id}', `/v1.0/me/messages/${segment}`] as const),
      ['/v1.0/me/photo/$value', '/v1.0/me/photo/$values'],
      ['/v1.0/me/photo/$value', '/v1.0/me/photo/%2524value'],
      ['/v1.0/me', '/beta/me'],
      ['/v1.0/me', '/v1.0/me/messages'],
      ['/v1.0/me/messages', '/v1.0/me'],
    ])('to match %s with %s', { tags: ['PX-4'] }, (template, raw) => {
      expect(fits(template, raw)).toBe(false);
    });

    it.each([
      "reminderView(startDateTime='a',endDateTime='b')/x",
      "reminderView(endDateTime='a',startDateTime='b')",
      "reminderView(startDateTime='a')",
      "reminderView(startDateTime='a',endDateTime='b',x='c')",
      "reminderView(startDateTime='a',endDateTime='b'),x",
      "reminderView(startDateTime='a'',endDateTime='b')",
      "reminderView(startDateTime='a',endDateTime='b')()",
      "reminderView(startDateTime='',endDateTime='b')",
      "reminderView(startDateTime='a%27',endDateTime='b')",
      "reminderView(startDateTime='a'%27,endDateTime='b')",
      "reminderView(startDateTime='a%27'b',endDateTime='b')",
      "reminderView(startDateTime='a'%27b',endDateTime='b')",
      "reminderView(startDateTime='a',x='b',endDateTime='c')",
      "reminderView(startDateTime='a%2527',endDateTime='b')",
      "reminderView(startDateTime='a%5Cb',endDateTime='b')",
      "reminderView(startDateTime='a%00',endDateTime='b')",
      'reminderView(startDateTime=a,endDateTime=b)',
      "reminderView (startDateTime='a',endDateTime='b')".replace(' ', '%20'),
      "reminderView(startDateTime='a',endDateTime='b';x='c')",
      'reminderView',
      'reminderView()',
      "microsoft.graph.reminderView(startDateTime='a',endDateTime='b')",
    ])('a function written as %s', { tags: ['PX-4'] }, (segment) => {
      expect(fits(reminders, `/v1.0/me/${segment}`)).toBe(false);
    });

    it.each([
      'a:',
      ':a',
      'a:b',
      'a%3A',
      'a%3a',
      'a%253A',
      ' a',
      'a ',
      '%20a',
      'a%20',
      'a%E3%80%80',
      'a.',
      'a..',
      'a|b',
      '$value',
      '$Count',
      '%24ref',
      '%24value%2e%E2%80%AE',
      '$value.%E2%80%8B.',
      'a%3F',
      'a%3F%24select=x',
    ])('a file named %j, which would end the path or mean another file', { tags: ['PX-3'] }, (name) => {
      expect(fits('/v1.0/me/drive/root:/{file}:/content', `/v1.0/me/drive/root:/${name}:/content`)).toBe(
        false,
      );
    });
  });

  it.each([
    ['/v1.0/me/messages', '/V1.0/ME/Messages', '/v1.0/me/messages'],
    ['/v1.0/me/messages', '/v1.0/%6de/messages', '/v1.0/me/messages'],
    ['/v1.0/me/photo/$value', '/v1.0/me/photo/%24Value', '/v1.0/me/photo/$value'],
    [
      '/v1.0/users/{id}/messages',
      '/v1.0/Users/Ben@Contoso.example/Messages',
      '/v1.0/users/Ben@Contoso.example/messages',
    ],
    [
      reminders,
      "/v1.0/me/reminderview(startdatetime=%27A%27,%20EndDateTime='B')",
      "/v1.0/me/reminderView(startDateTime='A',endDateTime='B')",
    ],
    [
      '/v1.0/me/drive/root:/{file}:/content',
      '/v1.0/me/drive/Root%3A/A%20b.txt%3a/Content',
      '/v1.0/me/drive/root:/A%20b.txt:/content',
    ],
    ['/v1.0/users/{id}', "/v1.0/users('o''brien@contoso.com')", "/v1.0/users('o''brien@contoso.com')"],
    ['/v1.0/users/{id}', '/v1.0/USERS(%27o%27%27brien%27%29', "/v1.0/users('o%27%27brien')"],
    ['/v1.0/x/{a}/y/{b}', "/v1.0/X('delta')/Y('$value')", "/v1.0/x('delta')/y('$value')"],
    ['/v1.0/x/{a}', "/v1.0/x('%20..;(a),:%23%3F')", "/v1.0/x('%20..;(a),:%23%3F')"],
    [
      '/v1.0/me/mailFolders/inbox/messages',
      "/v1.0/me/mailfolders('Inbox')/messages",
      '/v1.0/me/mailFolders/inbox/messages',
    ],
  ])('%s accepts %s and sends %s', { tags: ['PX-4'] }, (template, raw, sent) => {
    expect(sentFor(template, raw)).toBe(sent);
  });

  describe('refuses a key in parentheses', () => {
    it.each([
      "users('')",
      "users('.')",
      "users('..')",
      "users('%2E%2e')",
      "users('a'b')",
      "users('a')('b')",
      "users('a')x",
      "users('a'",
      'users(a)',
      'users(1)',
      "users(id='a')",
      "users('a','b')",
      "users('a'%27)",
      "users('a%27'b')",
      "users('a%2Fb')",
      "users('a%2527b')",
      "users('a%5Cb')",
      "users('%00')",
      "users ('a')".replace(' ', '%20'),
      'users(%EF%BC%87a%EF%BC%87)',
      "users('a')/$ref",
      "users('a');x",
      "users/('a')",
      "us%2565rs('a')",
    ])('%s', { tags: ['PX-4'] }, (path) => {
      expect(fits('/v1.0/users/{id}', `/v1.0/${path}`)).toBe(false);
    });

    it.each([
      ['/v1.0/users/{id}', "/v1.0/users('me')"],
      ['/v1.0/users/{id}', "/v1.0/users('%20')"],
      ['/v1.0/users/{id}', "/v1.0/users('..%20')"],
      ['/v1.0/users/{id}', "/v1.0/users('%EF%BC%8E%EF%BC%8E')"],
      ['/v1.0/me/mailFolders/{id}/messages', "/v1.0/me/mailFolders('recoverableitemsdeletions')/messages"],
      ['/v1.0/me/mailFolders/{id}/messages', "/v1.0/me/mailFolders('Inbox%20')/messages"],
      ['/v1.0/me/mailFolders/{id}/childFolders', "/v1.0/me/mailFolders('%EF%BD%92oot')/childFolders"],
      ['/v1.0/me/drive/items/{id}', "/v1.0/me/drive/ITEMS('root')"],
      ['/v1.0/sites/{id}/lists', "/v1.0/sites('root')/lists"],
    ])('that is a word of Graph: %s, %s', { tags: ['PX-4'] }, (template, path) => {
      expect(fits(template, path)).toBe(false);
    });

    it('behind a function, in the path of a file, and in place of another word of the rule', {
      tags: ['PX-4'],
    }, () => {
      expect(fits("/v1.0/f(a='{a}')/{id}", "/v1.0/f(a='x')('y')")).toBe(false);
      expect(fits('/v1.0/drive/root:/docs/{file}', "/v1.0/drive/root:/docs('a')")).toBe(false);
      expect(fits('/v1.0/users/$count', "/v1.0/users('$count')")).toBe(false);
      expect(fits('/v1.0/users/A1', "/v1.0/users('A1')")).toBe(false);
      expect(fits('/v1.0/{id}', "/v1.0('a')")).toBe(false);
    });
  });
});

describe('two path templates', () => {
  const share = (left: string, right: string) => {
    const [first, second] = [parsePathTemplate(left), parsePathTemplate(right)];
    expect(overlap(first, second, graphProfile)).toBe(overlap(second, first, graphProfile));
    return overlap(first, second, graphProfile);
  };

  it.each([
    ['/v1.0/me/messages/{id}', '/v1.0/me/messages/{other}'],
    ['/v1.0/me/messages/{id}', '/v1.0/me/messages/AAMk1='],
    ['/v1.0/me/messages', '/v1.0/me/Messages'],
    ["/v1.0/x/f(a='{a}')", "/v1.0/x/f(a='{b}')"],
    ['/v1.0/me/drive/root:/{a}:/content', '/v1.0/me/drive/root:/{b}:/content'],
    ['/v1.0/me/drive/root:/notes.txt:/content', '/v1.0/me/drive/root:/{b}:/content'],
  ])('overlap: %s and %s', (left, right) => {
    expect(share(left, right)).toBe(true);
  });

  it.each([
    ['/v1.0/me/mailFolders/{id}', '/v1.0/me/mailFolders/inbox'],
    ['/v1.0/me/messages/{id}', '/v1.0/me/messages/$count'],
    ['/v1.0/me/messages/{id}', '/v1.0/me/messages/microsoft.graph.eventMessage'],
    ['/v1.0/me/{id}', "/v1.0/me/f(a='{a}')"],
    ["/v1.0/x/f(a='{a}')", '/v1.0/x/f(a={a})'],
    ['/v1.0/me', '/v1.0/me/messages'],
    ['/v1.0/me', '/beta/me'],
  ])('do not overlap: %s and %s', (left, right) => {
    expect(share(left, right)).toBe(false);
  });

  it('overlap if a random path matches both', () => {
    const parts = fc.constantFrom(
      'me',
      'inbox',
      '{id}',
      'AAMk1=',
      "f(a='{a}')",
      'root:',
      '{id}:',
      '$value',
      'x.txt:',
    );
    const template = fc.array(parts, { minLength: 1, maxLength: 3 }).map((all) => `/v1.0/${all.join('/')}`);
    const segment = fc.constantFrom(
      'me',
      'inbox',
      'AAMk1=',
      "f(a='b')",
      'root:',
      'x.txt:',
      'x.txt',
      '$value',
      'a(b)',
    );
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((all) => `/v1.0/${all.join('/')}`);
    fc.assert(
      fc.property(template, template, path, (left, right, raw) => {
        if (fits(left, raw) && fits(right, raw)) expect(share(left, right)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});
