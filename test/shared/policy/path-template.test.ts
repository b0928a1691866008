import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { graphProfile } from '../../../src/shared/policy/graph-profile.ts';
import { readUpstreamPath } from '../../../src/shared/policy/path.ts';
import { matchesPath, overlap, parsePathTemplate } from '../../../src/shared/policy/path-template.ts';

function fits(template: string, raw: string): boolean {
  const reading = readUpstreamPath(raw);
  return reading.kind === 'path' && matchesPath(parsePathTemplate(template), reading.path, graphProfile);
}

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
  ])('%s matches %s', (template, raw) => {
    expect(fits(template, raw)).toBe(true);
  });

  describe('refuses', () => {
    it.each<readonly [string, string]>([
      ...[
        'inbox',
        'delta',
        '$count',
        '$value',
        '%24value',
        "('x')",
        'x(1)',
        "x('y')",
        'a;b',
        'a:b',
        'a,b',
      ].map((segment) => ['/v1.0/me/messages/{id}', `/v1.0/me/messages/${segment}`] as const),
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
        'a%20b',
        '%C3%A9',
        'x:',
        '19:x',
        ',',
      ].map((segment) => ['/v1.0/me/messages/{id}', `/v1.0/me/messages/${segment}`] as const),
      ['/v1.0/me/photo/$value', '/v1.0/me/photo/%24value'],
      ['/v1.0/me', '/v1.0/ME'],
      ['/v1.0/me', '/v1.0/%6de'],
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
      "reminderview(startDateTime='a',endDateTime='b')",
      "reminderView(startDateTime='a'',endDateTime='b')",
      "reminderView(startDateTime='a',endDateTime='b')()",
      "reminderView(startDateTime='',endDateTime='b')",
      "reminderView(startDateTime='a)',endDateTime='b')",
      "reminderView(startDateTime='a%27',endDateTime='b')",
      "reminderView(startDateTime='a%29',endDateTime='b')",
      "reminderView(startDateTime='a%2Cb',endDateTime='b')",
      "reminderView(startDateTime='a%3Bb',endDateTime='b')",
      "reminderView(startDateTime='$filter',endDateTime='b')",
      'reminderView(startDateTime=a,endDateTime=b)',
      'reminderView(startDateTime=%27a%27,endDateTime=%27b%27)',
      "reminderView%28startDateTime='a',endDateTime='b')",
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
      'a.',
      'a..',
      '*',
      'a%3Fb',
      'a|b',
      '%23',
      'a%22',
    ])('a file named %j, which would end the path or mean another file', { tags: ['PX-3'] }, (name) => {
      expect(fits('/v1.0/me/drive/root:/{file}:/content', `/v1.0/me/drive/root:/${name}:/content`)).toBe(
        false,
      );
    });
  });

  it('a file name that an encoded colon ends, because some parsers read it as part of the name', {
    tags: ['PX-3'],
  }, () => {
    for (const template of ['/v1.0/me/drive/root:/{file}:/content', '/v1.0/me/drive/root:/{file}']) {
      const end = template.endsWith('content') ? '/content' : '';
      for (const colon of ['%3A', '%3a']) {
        expect(fits(template, `/v1.0/me/drive/root:/a.txt${colon}${end}`)).toBe(false);
        expect(fits(template, `/v1.0/me/drive/root${colon}/a.txt:${end}`)).toBe(false);
      }
    }
  });

  it('accepts no special characters in the values of a function', { tags: ['PX-4'] }, () => {
    const value = fc.string({ unit: fc.constantFrom(..."aZ9-:.'(),;=%27 2F/$é"), maxLength: 12 });
    fc.assert(
      fc.property(value, value, (start, end) => {
        const segment = `reminderView(startDateTime='${start}',endDateTime='${end}')`;
        if (!fits(reminders, `/v1.0/me/${segment}`)) return;
        expect(decodeURIComponent(segment)).toMatch(
          /^reminderView\(startDateTime='[^'(),;/]+',endDateTime='[^'(),;/]+'\)$/,
        );
      }),
      { numRuns: 3000 },
    );
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
