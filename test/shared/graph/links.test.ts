import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { createHasFileToken, createIsFileUrl } from '../../../src/shared/graph/file-urls.ts';
import { createLinks } from '../../../src/shared/graph/links.ts';
import { createToOwnUrl } from '../../../src/shared/graph/own-url.ts';
import { parseCustomApiPolicy } from '../../../src/shared/policy/custom-api.ts';
import { parseGraphPolicy } from '../../../src/shared/policy/graph-profile.ts';
import { type AllowedCall, requireAllowed } from '../../../src/shared/policy/match.ts';
import { cpuMs } from '../../support/cpu-time.ts';
import { requestedCall } from '../../support/policies.ts';
import { isWholeRun } from '../../support/scale.ts';

const scopes = ['User.Read'];
const reading = parseGraphPolicy({
  features: {
    mail: {
      title: 'Mail',
      rules: [
        { methods: ['GET'], path: '/v1.0/me/messages', query: { $top: true, $skip: true }, scopes },
        { methods: ['GET'], path: '/v1.0/me/messages/{id}', scopes },
        { methods: ['POST'], path: '/v1.0/me/sendMail', scopes },
        {
          methods: ['GET'],
          path: '/v1.0/me/mailFolders/{id}/messages/delta',
          query: { $deltatoken: true, $skiptoken: true },
          scopes,
        },
        {
          methods: ['GET'],
          path: '/v1.0/me/mailFolders/inbox/messages/delta',
          query: { $deltatoken: true },
          scopes,
        },
        { methods: ['GET'], path: '/v1.0/teams/{id}/operations/{id}', scopes },
        { methods: ['GET'], path: '/beta/me', scopes },
      ],
    },
  },
});
if (reading.kind !== 'policy') throw new Error(reading.issues.join());

const graph = 'https://graph.microsoft.com';
const own = 'https://app.example/api/graph';
const toOwnUrl = createToOwnUrl({ policy: reading.policy, graphOrigin: graph, ownPrefix: own });
const isFileUrl = createIsFileUrl('public', graph);
const hasFileToken = createHasFileToken('public', graph);
const pageLinks = { sign: () => undefined, signLocation: () => undefined };
const links = createLinks({ toOwnUrl, isFileUrl, hasFileToken, pageLinks });
const listCall = requireAllowed(reading.policy.match(requestedCall('GET /v1.0/me/messages')));
const callWith = (fileLinks: boolean, method = 'GET'): AllowedCall => ({
  ...listCall,
  method,
  rule: { ...listCall.rule, fileLinks },
});
const user = { tenantId: 'tenant', objectId: 'alice' };
const logged: unknown[] = [];
const log = (_level: string, record: unknown) => void logged.push(record);
const edit = (text: string, fileLinks = false) =>
  links.editJson(text, { user, call: callWith(fileLinks) }, log);
const editJson = (...edited: Parameters<typeof edit>) => edit(...edited)?.text;
/** The header that names the links that were removed. */
const headerFor = (text: string) => edit(text)?.headers['bff-removed-links'];

/** Returns the body of the response for an answer of Graph. */
function responseTo(headers: { 'content-type': string | undefined }, body: string): string {
  const exchange = {
    request: { method: 'GET', path: '/v1.0/me/messages', headers: {} },
    response: { status: 200, headers, body: Buffer.from(body) },
    sentTokens: [],
  };
  const response = links.toResponse(exchange, { user, call: callWith(false) }, () => undefined, new Date(0));
  return Buffer.from(response.body).toString();
}

const page = `${graph}/v1.0/me/messages?$top=2&$skip=2`;
const ownPage = `${own}/v1.0/me/messages?$top=2&$skip=2`;
const file =
  'https://contoso-my.sharepoint.com/personal/alice/_layouts/15/download.aspx?UniqueId=1&tempauth=abc.d_e-f';

/** Links that look like Graph's, or are of Graph, and must be removed. */
const hostileLinks = [
  'https://evil.example/v1.0/me/messages',
  'http://graph.microsoft.com/v1.0/me/messages',
  'https://graph.microsoft.com.evil.example/v1.0/me/messages',
  'https://graph.microsoft.com@evil.example/v1.0/me/messages',
  'https://graph.microsoft.com:443@evil.example/v1.0/me/messages',
  'https://user:pass@graph.microsoft.com/v1.0/me/messages',
  'https://graph.microsoft.com:443/v1.0/me/messages',
  'https://graph.microsoft.com:8443/v1.0/me/messages',
  'https://graph.microsoft.com./v1.0/me/messages',
  'https://GRAPH.microsoft.com/v1.0/me/messages',
  'HTTPS://graph.microsoft.com/v1.0/me/messages',
  'https:/graph.microsoft.com/v1.0/me/messages',
  'https:\\\\graph.microsoft.com\\v1.0\\me\\messages',
  'https://graph.microsoft.com\\@evil.example/v1.0/me/messages',
  'https://xgraph.microsoft.com/v1.0/me/messages',
  'https://graph.microsoft.us/v1.0/me/messages',
  ' https://graph.microsoft.com/v1.0/me/messages',
  'https://graph.microsoft.com',
  'https://graph.microsoft.com/',
  'https://graph.microsoft.com//evil.example/v1.0/me/messages',
  'https://graph.microsoft.com/@evil.example/v1.0/me/messages',
  '//graph.microsoft.com/v1.0/me/messages',
  '//evil.example/v1.0/me/messages',
  '/\\evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  '',
  'x',
  `${graph}/v1.0/users`,
  `${graph}/v1.0/me/sendMail`,
  `${graph}/v1.0/ME/message`,
  `${graph}/beta/me/messages`,
  `${graph}/v1.0/me/messages/`,
  `${graph}/v1.0/me/../users`,
  `${graph}/v1.0/me/%2e%2e/users`,
  `${graph}/v1.0/me/messages?$expand=attachments`,
  `${graph}/v1.0/me/messages?$top=1&%24top=2`,
  `${graph}/v1.0/me/messages?access_token=x`,
  `${graph}/v1.0/me/messages#x`,
  `${graph}/v1.0/me/messages?$top=1#x`,
  `${graph}/v1.0/me/messages?$skip=\u0000`,
  `${graph}/v1.0/me/messages?$skip=é`,
  `${graph}/v1.0/$batch`,
  `${graph}/v1.0/me/messages('a1')('b1')`,
  `${graph}/v1.0/me('x')/messages`,
  `${graph}/v1.0/me/messages('..')`,
  `${graph}/v1.0/me/messages('a%2fb')`,
];

describe('links in JSON', () => {
  it.each([
    ['@odata.nextLink', page, ownPage],
    [
      '@odata.deltaLink',
      `${graph}/v1.0/me/mailFolders/A1=/messages/delta?$deltatoken=x`,
      `${own}/v1.0/me/mailFolders/A1=/messages/delta?$deltatoken=x`,
    ],
    [
      '@odata.deltaLink',
      `${graph}/v1.0/me/mailFolders('inbox')/messages/delta?$deltatoken=x`,
      `${own}/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=x`,
    ],
    ['@odata.nextLink', `${graph}/V1.0/ME/Messages?$Skip=2`, `${own}/v1.0/me/messages?$skip=2`],
    ['members@odata.nextLink', page, ownPage],
    ['@nextLink', `${graph}/beta/me`, `${own}/beta/me`],
    [
      '@odata.nextLink',
      `${graph}/v1.0/me/messages?%24top=2&%24skip=2`,
      `${own}/v1.0/me/messages?$top=2&$skip=2`,
    ],
  ])('%s of Graph is rewritten to this service: %s', { tags: ['PX-14'] }, (name, link, ownLink) => {
    for (const wrap of ['$', '{"a":[{"b":$}]}', '[[1,$]]'])
      expect(editJson(wrap.replace('$', JSON.stringify({ [name]: link })))).toBe(
        wrap.replace('$', JSON.stringify({ [name]: ownLink })),
      );
  });

  it('are found in any JSON spelling of their names and values', { tags: ['PX-14'] }, () => {
    const spelt = String.raw`{"@odata.next\u004cink":"https:\/\/graph.microsoft.com\/v1.0\u002fme/messages","x":1}`;
    expect(JSON.parse(editJson(spelt) ?? '')).toEqual({
      '@odata.nextLink': `${own}/v1.0/me/messages`,
      x: 1,
    });
    const hostile = String.raw`{"\u0040odata.next\u004Cink":"https:\/\/evil.example\/","x":1}`;
    expect(editJson(hostile)).toBe('{"x":1}');
  });

  it('are rewritten without changing any other byte: numbers, spaces, escapes, order', () => {
    const before = String.raw`{ "n": 12345678901234567890 , "d":0.10000000000000000000001,"e":1E+400,
      "@odata.context":"https:\/\/graph.microsoft.com/v1.0/$metadata","s":"\u00e9\n","@odata.nextLink" : `;
    const after = ` ,"value":[{"id":"a", "n":-0.0}]}`;
    expect(editJson(`${before}${JSON.stringify(page)}${after}`)).toBe(
      `${before}${JSON.stringify(ownPage)}${after}`,
    );
    expect(editJson(`${before}"https://evil.example/"${after}`)).toBe(
      before.replace(/,"@odata.nextLink" : $/, '') + after.trimStart(),
    );
  });

  const plainJson = fc
    .json({ maxDepth: 5 })
    .map((text) => text.replaceAll(/"[^"]*(?:Link|Url)"/g, '"x"'))
    .filter((text) => !/[nN]an|Infinity/.test(text));
  const number = fc
    .tuple(fc.bigInt(), fc.stringMatching(/^(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?$/))
    .map(([whole, rest]) => `${whole}${rest}`);
  const member = fc.oneof(
    fc.constant(['link', '"@odata.nextLink"', JSON.stringify(page)] as const),
    fc.constant(['gone', '"@odata.deltaLink"', '"https://evil.example/"'] as const),
    fc.constant(['gone', '"@microsoft.graph.downloadUrl"', '{"@odata.nextLink":"x"}'] as const),
    fc.tuple(
      fc.constant('kept' as const),
      fc.string().map((text) => JSON.stringify(`k${text}`)),
      fc.oneof(plainJson, number),
    ),
  );
  it('are rewritten without changing random text around them', { tags: ['PX-14'] }, () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 8 }), (members) => {
        const text = `{"o":[{${members.map(([, name, value]) => `${name}:${value}`).join(',')}}],"z":1}`;
        const expected = members
          .filter(([kind]) => kind !== 'gone')
          .map(([kind, name, value]) => `${name}:${kind === 'link' ? JSON.stringify(ownPage) : value}`);
        expect(editJson(text)).toBe(`{"o":[{${expected.join(',')}}],"z":1}`);
      }),
      { numRuns: 500 },
    );
  });

  it.each(hostileLinks)('are removed if they are hostile: %j', { tags: ['PX-14'] }, (link) => {
    for (const name of ['@odata.nextLink', '@odata.deltaLink', 'x@odata.nextLink']) {
      const value = { a: 1, [name]: link, b: { [name]: link }, c: [{ [name]: link }, 2] };
      expect(JSON.parse(editJson(JSON.stringify(value)) ?? '')).toEqual({ a: 1, b: {}, c: [{}, 2] });
    }
  });

  it.each(['null', '1', '{}', '["https://evil.example/"]', 'true'])(
    'are removed if their value is %s',
    (value) => {
      expect(editJson(`{"@odata.nextLink":${value}}`)).toBe('{}');
    },
  );

  it('are logged by name, reason and feature, without their address, if they are removed', () => {
    const text = '{"@odata.nextLink":"https://evil.example/?secret","x@odata.nextLink":"y","uploadUrl":"z"}';
    for (const [fileLinks, names] of [
      [true, ['odata.nextLink', 'uploadUrl']],
      [false, ['odata.nextLink']],
    ] as const) {
      logged.length = 0;
      expect(editJson(text, fileLinks)).toBe('{}');
      expect(logged).toEqual(
        names.map((name) => ({ event: 'link-removed', name, reason: 'other-host', feature: 'mail' })),
      );
    }
  });

  it('are named in a header with the reason, without their address, if they are removed', {
    tags: ['PX-14'],
  }, () => {
    expect(headerFor(`{"@odata.nextLink":"${page}"}`)).toBeUndefined();
    for (const [link, reason] of [
      ['https://evil.example/?secret', 'other-host'],
      ['//graph.microsoft.com/v1.0/me/messages', 'not-allowed'],
      [`${graph}/v1.0/users?secret`, 'not-allowed'],
      [`${graph}/v1.0/me/messages?$expand=secret`, 'unverified'],
      [`${graph}/v1.0/me/messages?$skip=${'1'.repeat(20_000)}`, 'too-long'],
    ]) {
      for (const [text, name] of [
        [`{"@odata.nextLink":"${link}"}`, 'nextLink'],
        [`{"@deltaLink":"${link}"}`, 'deltaLink'],
        [`{"members@odata.nextLink":"${link}"}`, 'nested-nextLink'],
        [`{"value":[{"a@deltaLink":"${link}"},{"@odata.deltaLink":"${link}"}]}`, 'nested-deltaLink'],
        [`{"@odata.nextLink":"${link}","x":{"@nextLink":"${link}"}}`, `nextLink=${reason}, nested-nextLink`],
      ] as const) {
        expect(headerFor(text)).toBe(`${name}=${reason}`);
      }
    }
  });

  it('are named in a header of few entries, whatever the response says', { tags: ['PX-14'] }, () => {
    const names = ['@odata.nextLink', 'evil\\r\\nset-cookie: a@odata.nextLink', 'nextLink=a, x@nextLink'];
    const values = ['https://evil.example/', `${graph}/v1.0/users`, `${graph}/v1.0/me/messages?$expand=a`];
    const members = names.flatMap((name) => values.map((value) => `{"${name}":"${value}"}`));
    const text = `[${members.join()}]`;
    expect(headerFor(text)).toBe(
      'nested-nextLink=other-host, nested-nextLink=not-allowed, nested-nextLink=unverified',
    );
  });

  it('lead only to this service and to allowed calls, for random text', {
    tags: ['PX-14'],
  }, () => {
    const piece = fc.constantFrom(
      graph,
      'https:',
      '//',
      '/',
      '\\',
      '@',
      ':443',
      '.',
      'evil.example',
      '/v1.0/',
      'me',
      '/me/messages',
      "('x1')",
      '?',
      '$skip=1',
      '#',
      '..',
      '%2e',
      '\t',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.array(piece, { maxLength: 7 }).map((parts) => parts.join('')),
        ),
        (link) => {
          const written = editJson(JSON.stringify({ '@odata.nextLink': link }));
          const { '@odata.nextLink': out }: Record<string, string> = JSON.parse(written ?? '');
          if (out === undefined) return;
          expect(out).toMatch(/^https:\/\/app\.example\/api\/graph\/(?:beta\/me|v1\.0\/(?:me|teams)\/)/);
          expect(new URL(out).origin).toBe('https://app.example');
          expect(new URL(out).href).toContain('https://app.example/api/graph/');
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('addresses of files', () => {
  const names = [
    '@microsoft.graph.downloadUrl',
    '@content.downloadUrl',
    'uploadUrl',
    'a@microsoft.graph.downloadUrl',
  ];

  it.each([
    file,
    'https://contoso.sharepoint.com/x',
    'https://sn3302.up.1drv.com/up/fe69',
    'https://public.bn.files.1drv.com/y4m',
    'https://northcentralus1-mediap.svc.ms/transform/pdf?provider=spo',
    'https://my.microsoftpersonalcontent.com/personal/1/_layouts/15/download.aspx',
    "https://outlook.office.com/api/v2.0/Users('1')/AttachmentSessions('2')?authtoken=x",
  ])('are passed on only if the rule allows file links: %s', (address) => {
    for (const name of names) {
      const text = JSON.stringify({ id: 1, [name]: address });
      expect(editJson(text, true)).toBe(text);
      expect(editJson(text, false)).toBe('{"id":1}');
    }
  });

  it.each([
    'https://evil.example/x',
    'http://contoso.sharepoint.com/x',
    'https://contoso.sharepoint.com.evil.example/x',
    'https://contoso.sharepoint.com@evil.example/x',
    'https://user@contoso.sharepoint.com/x',
    'https://contoso.sharepoint.com:443/x',
    'https://contoso.sharepoint.com:8443/x',
    'https://contoso.sharepoint.com./x',
    'https://CONTOSO.sharepoint.com/x',
    'HTTPS://contoso.sharepoint.com/x',
    'https://evilsharepoint.com/x',
    'https://.sharepoint.com/x',
    'https://sharepoint.com/x',
    'https://x.my.microsoftpersonalcontent.com/x',
    'https://contoso.sharepoint.com\\@evil.example/x',
    'https://contoso.sharepoint.com#@evil.example/x',
    'https://evil.example#.sharepoint.com/x',
    'https://evil.example?.sharepoint.com/x',
    'https://evil.example\\.sharepoint.com/x',
    'https://evil_x.sharepoint.com\n/x',
    'https://contoso.sharepoint.com/x\ny',
    'https://contoso.sharepoint.com/x y',
    'https://contoso.sharepoint.us/x',
    'https://ⓔvil.sharepoint.com/x',
    '//contoso.sharepoint.com/x',
    'javascript://contoso.sharepoint.com/%0aalert(1)',
    '',
  ])('are never passed on if they are hostile: %j', { tags: ['PX-14'] }, (address) => {
    for (const name of names)
      expect(editJson(JSON.stringify({ id: 1, [name]: address }), true)).toBe('{"id":1}');
  });

  it('are those of the configured cloud only', () => {
    const hosts = {
      public: 'sharepoint.com',
      usgov: 'sharepoint.us',
      usgovdod: 'sharepoint-mil.us',
      china: 'sharepoint.cn',
    };
    for (const cloud of ['public', 'usgov', 'usgovdod', 'china'] as const) {
      const isAllowed = createIsFileUrl(cloud, graph);
      for (const [other, host] of Object.entries(hosts))
        expect(isAllowed(`https://contoso.${host}/x`)).toBe(other === cloud);
    }
  });

  it('of the emulator are its own and those of the configured cloud', () => {
    const isAllowed = createIsFileUrl('public', 'http://127.0.0.1:4001');
    expect(isAllowed('http://127.0.0.1:4001/files/x')).toBe(true);
    for (const address of [
      'http://127.0.0.1:4001@evil.example/files/x',
      'http://127.0.0.1:4001/v1.0/me',
      'http://127.0.0.1:40012/files/x',
    ]) {
      expect(isAllowed(address)).toBe(false);
    }
    expect(isFileUrl('http://127.0.0.1:4001/files/x')).toBe(false);
  });
});

describe('a policy for another API', () => {
  it('cannot have fileLinks, because answers of that API are not searched for links', () => {
    const rules = [{ methods: ['GET'], path: '/orders', scopes: ['Orders.Read'], fileLinks: true }];
    const refused = parseCustomApiPolicy(
      { features: { orders: { title: 'Orders', rules } } },
      'api://orders',
    );
    expect(refused).toMatchObject({ kind: 'invalid', issues: [expect.stringContaining('fileLinks')] });
  });
});

describe('a Location', () => {
  const editLocation = (status: number, location: string, fileLinks = false, method = 'POST') =>
    links.editLocation(status, location, { user, call: callWith(fileLinks, method) }, log);

  it.each([
    [`${graph}/v1.0/me/messages('AA1=')`, `${own}/v1.0/me/messages('AA1=')`],
    [`${graph}/v1.0/me/messages/AA1=`, `${own}/v1.0/me/messages/AA1=`],
    ["/teams('a-1')/operations('b-2')", `${own}/v1.0/teams('a-1')/operations('b-2')`],
    ['/v1.0/me/messages/AA1=', `${own}/v1.0/me/messages/AA1=`],
  ])(
    'of Graph is rewritten to this service with every status but a redirect: %s',
    { tags: ['PX-14'] },
    (location, ownLocation) => {
      for (const status of [200, 201, 202, 204, 400, 409, 410, 503])
        expect(editLocation(status, location)).toBe(ownLocation);
      for (const status of [300, 301, 302, 303, 304, 305, 307, 308])
        expect(editLocation(status, location, true)).toBeUndefined();
    },
  );

  it.each(hostileLinks)('is removed if it is hostile: %j', { tags: ['PX-11', 'PX-14'] }, (location) => {
    for (const status of [201, 202, 302, 410]) {
      logged.length = 0;
      expect(editLocation(status, location, true)).toBeUndefined();
      const record = { event: 'link-removed', name: 'location', reason: expect.any(String), feature: 'mail' };
      // A redirect becomes a problem, which has its own record.
      expect(logged).toEqual(status === 302 ? [] : [record]);
    }
  });

  it('of a file is passed on only if the rule allows file links, for a copy and for content', () => {
    expect(editLocation(202, file, true)).toBe(file);
    expect(editLocation(302, file, true, 'GET')).toBe(file);
    expect(editLocation(302, file, true, 'HEAD')).toBe(file);
    expect(editLocation(410, file, true, 'GET')).toBeUndefined();
    expect(editLocation(202, file, false)).toBeUndefined();
    expect(editLocation(302, file, true, 'POST')).toBeUndefined();
    expect(editLocation(302, file, false, 'GET')).toBeUndefined();
  });
});

describe('a hostile answer', { tags: ['DO-3'] }, () => {
  const link = '{"@odata.nextLink":"https://evil.example/"}';
  it.each<[string, string]>([
    ['broken', '{"@odata.nextLink":"https://evil.example/'],
    ['followed by more', `${link}${link}`],
    ['nested too deeply', `${'['.repeat(1_000_000)}${link}`],
    ['nested too deeply after the link', `${'{"a":'.repeat(100)}${link}${'}'.repeat(100)}`],
    ['a list of too many links', `[${Array.from({ length: 5001 }, () => link).join()}]`],
    [
      'a list of too many links to files',
      `[${Array.from({ length: 5001 }, () => '{"uploadUrl":"x"}').join()}]`,
    ],
    [
      'a list of links that are too long in total',
      `[${`${JSON.stringify({ '@nextLink': page.padEnd(4000, '0') })},`.repeat(300)}1]`,
    ],
    ['of control characters', '{"@odata.nextLink":"a\u0001"}'],
  ])('is refused if it is %s', (_what, text) => {
    expect(editJson(text)).toBeUndefined();
  });

  it('loses links that are too long without parsing them', () => {
    for (const [fileLinks, link] of [
      [false, `${graph}/v1.0/${'a'.repeat(10_000_000)}`],
      [false, `${graph}/v1.0${"/a('".repeat(2_500_000)}`],
      [true, `https://${'a.'.repeat(5_000_000)}sharepoint.com/`],
      [true, file.padEnd(8193, 'x')],
    ] as const) {
      const text = JSON.stringify({ '@odata.nextLink': link, uploadUrl: link, id: 1 });
      expect(editJson(text, fileLinks)).toBe('{"id":1}');
      for (const status of [202, 302])
        expect(links.editLocation(status, link, { user, call: callWith(fileLinks) }, log)).toBeUndefined();
    }
    const longest = JSON.stringify({ uploadUrl: file.padEnd(8192, 'x') });
    expect(editJson(longest, true)).toBe(longest);
  });

  it('has a link with a MAC in place of one that would make a request line of more than 8,192 bytes', () => {
    const longest = `${own}/v1.0/me/messages?$skip=`.padEnd(8_192 - 'HEAD  HTTP/1.1\r\n'.length, '1');
    const editedWith = (url: string, status?: number) => {
      const signing = createLinks({
        toOwnUrl: () => ({ kind: 'own', url }),
        isFileUrl,
        hasFileToken,
        pageLinks: { ...pageLinks, sign: () => ({ kind: 'own', url: 'signed' }) },
      });
      const text = JSON.stringify({ '@odata.nextLink': page, id: 1 });
      return signing.editJson(text, { user, call: callWith(false) }, () => undefined, status);
    };
    expect(editedWith(longest, 200)?.text).toContain(longest);
    expect(editedWith(`${longest}1`, 200)?.text).toBe('{"@odata.nextLink":"signed","id":1}');
    // Not the next page for certain, so it gets no MAC.
    expect(editedWith(`${longest}1`)).toEqual({
      text: '{"id":1}',
      headers: { 'bff-removed-links': 'nextLink=too-long' },
    });
  });

  it('gets a MAC for a hundred links at most', { tags: ['DO-3'] }, () => {
    let signed = 0;
    const signing = createLinks({
      toOwnUrl: () => ({ kind: 'removed', reason: 'unverified' }),
      isFileUrl,
      hasFileToken,
      pageLinks: { ...pageLinks, sign: () => ({ kind: 'own', url: `signed${++signed}` }) },
    });
    const members = Array.from({ length: 1000 }, (_, at) => `"a${at}@odata.nextLink":"${page}"`);
    const edited = signing.editJson(`{${members.join()}}`, { user, call: callWith(false) }, log, 200);
    expect([signed, edited?.headers]).toEqual([100, { 'bff-removed-links': 'nested-nextLink=unverified' }]);
  });

  it('is processed in time if it has ten megabytes', () => {
    const item =
      '{"id":"AAMk","subject":"Hello, \\"you\\" \\u00e9","n":12345678901234567890,"a":[1,2,{"b":null}]},';
    const text = `{"@odata.nextLink":${JSON.stringify(page)},"value":[${item.repeat(10_000_000 / item.length)}1]}`;
    let edited: string | undefined;
    const editingMs = cpuMs(() => {
      edited = editJson(text);
    });
    expect(edited).toBe(text.replace(page, ownPage));
    expect(editingMs).toBeLessThan(5000);
  });

  it('is refused if it is invalid JSON with a JSON type, and passed on with another type', () => {
    const answer = (contentType: string | undefined, body: string) =>
      responseTo({ 'content-type': contentType }, body);
    for (const type of [
      'application/json',
      'application/problem+json',
      undefined,
      'application/json, text/html',
      'x',
    ])
      expect(() => answer(type, '{"@odata.nextLink":')).toThrow(BffError);
    expect(answer('text/plain', '{"@odata.nextLink":')).toBe('{"@odata.nextLink":');
    expect(answer('application/json', '{"broken":')).toBe('{"broken":');
    expect(answer('application/json', `\ufeff${link}`)).toBe('\ufeff{}');
  });
});

describe('addresses of files with their own token, under any name', () => {
  const withToken = [
    file,
    'https://northcentralus1-mediap.svc.ms/transform/thumbnail?provider=spo&access_token=eyJ0',
    'https://contoso.sharepoint.com/_layouts/15/embed.aspx?UniqueId=1&TempAuth=a',
    'https://my.microsoftpersonalcontent.com/x?a=1&sig=a%2Bb',
    'https://contoso.sharepoint.com/x?%74empauth=a&tempauth=b',
    'https://CONTOSO.SharePoint.com/x?tempauth=a',
    'HTTPS://contoso.sharepoint.com./x?tempauth=a',
    'https://user@contoso.sharepoint.com:443/x?tempauth=a',
    'http://contoso.sharepoint.com/x?tempauth=a',
    ' https://contoso.sharepoint.com/x?tempauth=a ',
    'https://contoso.sharepoint.com\\\\x?tempauth=a',
    'https://contoso.sharepoint.com/x#access_token=a',
    "https://outlook.office.com/api/v2.0/Users('1')/AttachmentSessions('2')?authtoken=x",
  ];
  it.each(withToken)(
    'are passed on only if the rule allows file links: %j',
    { tags: ['PX-14'] },
    (address) => {
      const value = JSON.stringify(address);
      for (const [text, left] of [
        [`{"id":1, "url":${value},"z":2}`, '{"id":1,"z":2}'],
        [`{"small":{"url":${value},"height":1}}`, '{"small":{"height":1}}'],
        [`{"value":[${value}, 1,"x"]}`, '{"value":[null, 1,"x"]}'],
        [value, 'null'],
      ] as const) {
        expect(editJson(text)).toBe(left);
        expect(editJson(text, true)).toBe(text);
      }
    },
  );

  it('are found in any JSON spelling, in a body of any length', () => {
    const spelt = String.raw`{"url":"https:\/\/contoso.sharepoint.com\/x?a=1\u0026temp\u0061uth=b","z":1}`;
    expect(editJson(spelt)).toBe('{"z":1}');
    for (const before of [65_500, 65_520, 65_536, 200_000]) {
      const text = `{"a":"${'x'.repeat(before)}","url":"${file}"}`;
      expect(responseTo({ 'content-type': 'application/json' }, text)).toBe(`{"a":"${'x'.repeat(before)}"}`);
    }
  });

  it.each([
    `<a href="${file}">the file</a>`,
    `${file} is where it is`,
    `See ${file}`,
    'https://contoso.sharepoint.com/x?web=1',
    'https://contoso.sharepoint.com/x/tempauth=a',
    'https://contoso.sharepoint.com/x?signature=a&notsig=b',
    'https://evil.example/x?tempauth=a',
    'https://evilsharepoint.com/x?tempauth=a',
    'tempauth=a',
    'https://',
    'https://[?tempauth=a',
    'mailto:alice@contoso.sharepoint.com?sig=a',
  ])('are not confused with similar text, which stays unchanged: %j', (text) => {
    const json = JSON.stringify({ id: 1, body: { content: text }, list: [text] });
    expect(editJson(json)).toBe(json);
  });

  it('are found in every spelling that a browser reads, for random text', {
    tags: ['PX-14'],
  }, () => {
    const isOneByParser = (text: string) => {
      if (!/(?:tempauth|access_token|sig|authtoken)=/i.test(text) || !/^\s*https?:\S+\s*$/i.test(text))
        return false;
      if (!URL.canParse(text)) return false;
      const { hostname, search, hash } = new URL(text);
      const isOurs = /(?:\.sharepoint\.com|\.svc\.ms|^api\.onedrive\.com|^outlook\.office\.com)\.?$/.test(
        hostname,
      );
      const names = [search, hash].flatMap((part) => [...new URLSearchParams(part.slice(1)).keys()]);
      return (
        isOurs &&
        names.some((name) => ['tempauth', 'access_token', 'sig', 'authtoken'].includes(name.toLowerCase()))
      );
    };
    const beginnings = [
      'https://',
      'HTTP:',
      'https:\\\\',
      ' https:/',
      'http:////',
      'https://user@',
      'https://a@b:c@',
    ];
    const hosts = [
      'contoso.sharepoint.com',
      'contoso%2Esharepoint.com',
      'contoso.ｓharepoint.com',
      'con\u00adtoso.sharepoint\u3002com.',
      'API.onedrive.com:443',
      'outlook.office.com.:',
      'a.svc.ms',
      'evil.example',
      '[',
    ];
    const piece = fc.constantFrom(
      '/',
      '\\',
      '?',
      '#',
      '&',
      '=',
      '%',
      '@',
      'x',
      'sig=a',
      '%73ig=',
      'TEMPAUTH=',
      ':',
      '.svc.ms',
      '+',
    );
    const numRuns = isWholeRun ? 10_000 : 1_000;
    let found = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...beginnings),
        fc.constantFrom(...hosts),
        fc.array(piece, { maxLength: 10 }),
        (beginning, host, pieces) => {
          const text = `${beginning}${host}${pieces.join('')}`;
          if (!isOneByParser(text)) return;
          found++;
          expect([text, hasFileToken(text, () => true)]).toEqual([text, true]);
        },
      ),
      { numRuns },
    );
    expect(found / numRuns).toBeGreaterThan(0.01);
  });

  it('are found without a URL parser, and refused if too many need one', {
    tags: ['DO-3'],
  }, () => {
    const text = JSON.stringify({
      id: 1,
      list: Array.from({ length: 100_000 }, () => 'https://a.sharepoint.com?sig='),
    });
    let parsed = 0;
    expect(hasFileToken('https://a.sharepoint.com?sig=', () => ++parsed > 0)).toBe(true);
    expect(hasFileToken('https://evil.example?sig=', () => ++parsed > 0)).toBe(false);
    expect(parsed).toBe(0);
    expect(editJson(text)).toBe(text.replaceAll('"https://a.sharepoint.com?sig="', 'null'));
    const odd = (count: number, address = 'https://a%2Esharepoint.com?sig=') =>
      `[${Array.from({ length: count }, () => JSON.stringify(address)).join()}]`;
    expect(editJson(odd(5000))).toBe(`[${Array.from({ length: 5000 }, () => 'null').join()}]`);
    expect(editJson(odd(5001))).toBeUndefined();
    expect(editJson(odd(150, 'https://evil%2Eexample?sig='.padEnd(8000, 'x')))).toBeUndefined();
  });

  it('are removed without parsing if they are longer than 8 KiB', { tags: ['DO-3'] }, () => {
    const mustNot = () => {
      throw new Error('it is parsed');
    };
    for (const address of [
      file.padEnd(8193, 'x'),
      file.padEnd(10_000_000, '&a%'),
      `https://${'a'.repeat(10_000_000)}@contoso.sharepoint.com?sig=`,
      `https://${'@'.repeat(10_000_000)}contoso.sharepoint.com?sig=`,
      `${' '.repeat(5_000_000)}https://contoso%2Esharepoint.com?sig=${'x'.repeat(9000)}`,
    ])
      expect(hasFileToken(address, mustNot)).toBe(true);
    expect(hasFileToken(`https://evil.example/?sig=${'x'.repeat(10_000_000)}`, mustNot)).toBe(false);
    expect(hasFileToken(`https://contoso.sharepoint.com/ ${'sig=x '.repeat(1_000_000)}`, mustNot)).toBe(
      false,
    );
  });
});
