import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { answeredOf, answerParts, partsOf } from '../../../src/shared/graph/batch-item.ts';
import { readBatch, writeBatch } from '../../../src/shared/graph/batch-request.ts';
import { parseGraphPolicy } from '../../../src/shared/policy/graph-profile.ts';
import { cpuMs } from '../../support/cpu-time.ts';

const scopes = ['User.Read'];
const reading = parseGraphPolicy({
  features: {
    profile: {
      title: 'Profile',
      rules: [
        { methods: ['GET'], path: '/v1.0/me', query: { $select: true, $filter: true }, scopes },
        { methods: ['PATCH'], path: '/v1.0/me', scopes },
        { methods: ['PUT'], path: '/v1.0/me/photo/$value', contentTypes: ['image/jpeg'], scopes },
        { methods: ['GET', 'POST', 'DELETE'], path: '/v1.0/me/things/{id}', scopes },
        { methods: ['GET'], path: '/beta/me', scopes },
      ],
    },
  },
});
if (reading.kind !== 'policy') throw new Error(reading.issues.join());
const { policy } = reading;

const readItems = (body: unknown, version = '/v1.0') =>
  readBatch(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), version, policy.match);
const read = (body: unknown, version?: string) => partsOf(readItems(body, version));
/** The batch as it is sent, with the caller's ids in place of the service's. */
function sent(body: unknown, version?: string): { requests: Record<string, unknown>[] } {
  const parts = read(body, version);
  let text = Buffer.from(writeBatch(parts)).toString();
  for (const { id, sentId } of parts) text = text.replaceAll(`"${sentId}"`, () => JSON.stringify(id));
  return JSON.parse(text);
}

/** Why the whole batch is refused. */
function refusalOf(body: unknown): readonly [code: string, batchId: unknown] {
  try {
    readItems(body);
  } catch (error) {
    if (error instanceof BffError) return [error.code, error.batchId];
    throw error;
  }
  throw new Error(`passed: ${JSON.stringify(body)}`);
}

/** The answers to the requests that are not sent, and the ids of those that are sent. */
function outcomeOf(body: unknown) {
  const items = readItems(body);
  const answered = answeredOf(items).map(({ id, problem }) => [id, problem?.code] as const);
  return { answered, sent: partsOf(items).map(({ id }) => id) };
}
const onlyFineIsSent = (code: string) => ({ answered: [['1', code]], sent: ['fine'] });

const get = (members: object = {}) => ({ id: '1', method: 'GET', url: '/me', ...members });
const fine = { id: 'fine', method: 'GET', url: '/me' };

describe('a batch', () => {
  it('is serialized again from what was parsed, and nothing else', { tags: ['PX-6'] }, () => {
    expect(
      sent({
        requests: [
          get({
            url: 'me?$select=id',
            headers: { Accept: 'application/json', 'X-Other': 'x', Authorization: 'Bearer x' },
          }),
          {
            body: { name: 'ä' },
            dependsOn: ['1'],
            headers: { 'Content-Type': 'application/json' },
            url: '/me',
            method: 'PATCH',
            id: 'b',
          },
          { id: '3', method: 'DELETE', url: '/me/things/a1', dependsOn: ['b'], headers: {} },
        ],
      }).requests,
    ).toEqual([
      { id: '1', method: 'GET', url: '/me?$select=id', headers: { accept: 'application/json' } },
      {
        id: 'b',
        method: 'PATCH',
        url: '/me',
        headers: { 'content-type': 'application/json' },
        body: { name: 'ä' },
        dependsOn: ['1'],
      },
      { id: '3', method: 'DELETE', url: '/me/things/a1', dependsOn: ['b'] },
    ]);
  });

  it('is sent without a body of GET and DELETE, and without its type', () => {
    const type = { 'content-type': 'application/json' };
    const requests = [
      get({ id: '1', body: { hidden: 1 }, headers: type }),
      { id: '2', method: 'DELETE', url: '/me/things/a1', body: {}, headers: { ...type, 'if-match': '*' } },
    ];
    expect(sent({ requests }).requests).toEqual([
      { id: '1', method: 'GET', url: '/me' },
      { id: '2', method: 'DELETE', url: '/me/things/a1', headers: { 'if-match': '*' } },
    ]);
  });

  it("is sent with the rule's own spelling, whatever the letter case of the caller", () => {
    const urls = ['/ME?$SELECT=id', 'Me/Things/Aa1='];
    const requests = urls.map((url, at) => get({ id: `${at}`, url }));
    expect(sent({ requests }).requests.map(({ url }) => url)).toEqual(['/me?$select=id', '/me/things/Aa1=']);
  });

  it('keeps the notation of numbers in bodies', () => {
    const body = '{"requests":[{"id":"1","method":"PATCH","url":"me","body":{"n":12345678901234567890.10}}]}';
    expect(Buffer.from(writeBatch(read(body))).toString()).toContain('"body":{"n":12345678901234567890.10}');
  });

  it('accepts spaces in a query, and sends them encoded', () => {
    const [request] = sent({ requests: [get({ url: 'me?$filter=city eq null' })] }).requests;
    expect(request).toMatchObject({ url: '/me?$filter=city%20eq%20null' });
  });

  it('sends paths and names of options in the spelling of the rule', { tags: ['PX-6'] }, () => {
    const [request] = sent({ requests: [get({ url: "/ME?%24Filter=city eq 'R''D'" })] }).requests;
    expect(request).toMatchObject({ url: "/me?$filter=city%20eq%20'R''D'" });
  });

  it('accepts base64 in both alphabets for bodies other than JSON', () => {
    for (const body of ['', 'AAEC/+8=', 'AAEC_-8', 'AAEC_-8=']) {
      const headers = { 'content-type': 'image/jpeg' };
      const put = { id: '1', method: 'PUT', url: '/me/photo/$value', headers, body };
      expect(sent({ requests: [put] }).requests).toEqual([put]);
    }
  });

  it('is relative to its version', () => {
    expect(read({ requests: [get()] }, '/beta')[0]?.call.path).toBe('/beta/me');
  });

  it.each([
    [[], [], []],
    [[], ['0'], ['1'], ['2']],
    [[], ['0'], ['0'], ['0']],
    [[], [], ['1'], ['1']],
  ])('can have dependencies that Graph supports: %j', (...orders: string[][]) => {
    const requests = orders.map((dependsOn, at) => get({ id: String(at), dependsOn }));
    expect(sent({ requests }).requests.map(({ dependsOn }) => dependsOn ?? [])).toEqual(orders);
  });

  it('has one to twenty requests', () => {
    const many = (count: number) => ({
      requests: Array.from({ length: count }, (_, at) => get({ id: `${at}` })),
    });
    expect(read(many(20))).toHaveLength(20);
    expect(read(many(1))).toHaveLength(1);
    for (const count of [0, 21, 5000]) expect(refusalOf(many(count))[0]).toBe('request_invalid');
  });
});

describe('a part that is not sent', { tags: ['PX-6'] }, () => {
  const chain = (count: number, isForbidden: (at: number) => boolean) => ({
    requests: Array.from({ length: count }, (_, at) => ({
      ...get({ id: `${at}`, url: isForbidden(at) ? '/users' : '/me' }),
      ...(at === 0 ? {} : { dependsOn: [`${at - 1}`] }),
    })),
  });
  const dependants = async (body: unknown, refusedLater: readonly string[] = []) => {
    const refusal = new BffError('claim_required');
    const items = await answerParts(readItems(body), ({ id }) =>
      refusedLater.includes(id) ? refusal : undefined,
    );
    return items.map((item) =>
      item.kind === 'part' ? 'sent' : (item.problem?.code ?? 'depends on one that is not sent'),
    );
  };

  it('takes all parts with it that depend on it, also indirectly', async () => {
    const dependant = 'depends on one that is not sent';
    expect(await dependants(chain(4, (at) => at === 1))).toEqual([
      'sent',
      'path_not_allowed',
      dependant,
      dependant,
    ]);
    expect(
      await dependants(
        chain(3, () => false),
        ['0', '1'],
      ),
    ).toEqual(['claim_required', dependant, dependant]);
    const star = [get({ id: '0', url: '/users' }), get({ id: '1', dependsOn: ['0'] }), get({ id: '2' })];
    expect(await dependants({ requests: star })).toEqual(['path_not_allowed', dependant, 'sent']);
  });

  it('leaves an order that Graph supports, for every refused part of every order', async () => {
    const orders = [
      [[], ['0'], ['1'], ['2']],
      [[], ['0'], ['0'], ['0']],
      [[], [], ['1'], ['1']],
      [[], [], [], []],
    ];
    for (const order of orders) {
      for (let refused = 0; refused < 2 ** order.length; refused++) {
        const requests = order.map((dependsOn, at) => get({ id: `${at}`, dependsOn }));
        const items = await answerParts(readItems({ requests }), ({ id }) =>
          (refused >> Number(id)) & 1 ? new BffError('claim_required') : undefined,
        );
        const left = partsOf(items).map(({ id, dependsOn }) => get({ id, dependsOn }));
        if (left.length > 0) expect(outcomeOf({ requests: left }).answered).toEqual([]);
      }
    }
  });

  it('is answered although its "dependsOn" cannot be read, with all that depend on it', async () => {
    const requests = [fine, get({ dependsOn: 'fine' }), get({ id: '2', dependsOn: ['1'] })];
    expect(await dependants({ requests })).toEqual([
      'sent',
      'request_invalid',
      'depends on one that is not sent',
    ]);
  });
});

describe('refuses', { tags: ['PX-6'] }, () => {
  it.each([
    '',
    'x',
    'null',
    '[]',
    '{}',
    '{"requests":{}}',
    '{"requests":null}',
    '{"requests":[1]}',
    '{"requests":[[]]}',
    '{"requests":[],"requests":[]}',
    JSON.stringify({ requests: [fine], responses: [] }),
    JSON.stringify({ Requests: [fine] }),
    `${JSON.stringify({ requests: [fine] })} {}`,
    `{"requests":[{"id":"1","method":"GET","url":"/me","url":"/users"}]}`,
    `{"requests":[{"id":"1","method":"GET","url":"/me","\\u0075rl":"/users"}]}`,
    `{"requests":[{"id":"1","method":"PATCH","url":"/me","body":{"a":1,"a":2}}]}`,
    `{"requests":[{"id":"1","method":"PATCH","url":"/me","body":{"x":${'['.repeat(80)}${']'.repeat(80)}}}]}`,
    `{"requests":[{"id":"1","method":"GET","url":"/me"},]}`,
  ])('a body that is not a batch: %s', (body) => {
    expect(refusalOf(body)[0]).toBe('request_invalid');
  });

  it('a body that is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"requests":[{"id":"\xff"'), Buffer.from([0xff])]);
    expect(() => readBatch(bytes, '/v1.0', policy.match)).toThrow(BffError);
  });

  it.each([undefined, null, 1, '', {}, 'ä', 'a\nb', 'x'.repeat(65)])('the id %j', (id) => {
    expect(refusalOf({ requests: [fine, get({ id })] })).toEqual(['request_invalid', undefined]);
  });

  it('a repeated id, also in another letter case', () => {
    for (const id of ['fine', 'FINE', 'Fine'])
      expect(refusalOf({ requests: [fine, get({ id })] })).toEqual(['request_invalid', id]);
  });

  it.each([
    { method: undefined },
    { method: 1 },
    { url: undefined },
    { url: ['/me'] },
    { Url: '/me' },
    { atomicityGroup: 'g' },
    { if: 'x' },
    { headers: null },
    { headers: [] },
    { headers: { Accept: 1 } },
    { headers: { Accept: 'a', accept: 'b' } },
    { headers: { Accept: 'a\r\nAuthorization: Bearer x' } },
    { headers: { Accept: 'ä' } },
    { headers: { Accept: 'a'.repeat(3000) } },
    { dependsOn: '1' },
    { dependsOn: [1] },
    { dependsOn: Array.from({ length: 20 }, () => 'fine') },
    { method: 'PATCH', body: 'e30=' },
    { method: 'PATCH', body: [] },
    { method: 'PATCH', body: 1 },
    { method: 'PATCH', body: 'x', headers: { 'Content-Type': 'application/json' } },
    { method: 'PUT', url: '/me/photo/$value', body: {}, headers: { 'Content-Type': 'image/jpeg' } },
    { method: 'PUT', url: '/me/photo/$value', body: 'a%', headers: { 'Content-Type': 'image/jpeg' } },
    { method: 'PUT', url: '/me/photo/$value', body: 'a-+', headers: { 'Content-Type': 'image/jpeg' } },
    {
      method: 'PUT',
      url: '/me/photo/$value',
      body: 'AA==',
      headers: { 'Content-Type': 'image/jpeg, text/html' },
    },
  ])('the part %j, and only that part', (members) => {
    expect(outcomeOf({ requests: [fine, get(members)] })).toEqual(onlyFineIsSent('request_invalid'));
    expect(outcomeOf({ requests: [get(members), fine] })).toEqual(onlyFineIsSent('request_invalid'));
  });

  it.each([['1'], ['nobody'], ['FINE'], ['fine', 'fine2'], ['fine', '1']])(
    'the whole batch for a part that depends on %j, because no order fits',
    (...dependsOn) => {
      expect(refusalOf({ requests: [fine, get({ dependsOn })] })).toEqual(['request_invalid', '1']);
    },
  );

  it('a body with too many names', { tags: ['DO-4'] }, () => {
    const body = Object.fromEntries(Array.from({ length: 10_001 }, (_, at) => [`n${at}`, 1]));
    expect(refusalOf({ requests: [get({ method: 'PATCH', body })] })[0]).toBe('request_invalid');
  });

  it('dependencies that Graph does not support, and cycles', () => {
    for (const orders of [
      [['0']],
      [['1'], ['0']],
      [[], ['0'], ['0'], ['1']],
      [[], ['0'], [], ['2']],
      [[], [], ['0', '1']],
    ]) {
      const requests = orders.map((dependsOn, at) => get({ id: String(at), dependsOn }));
      expect(refusalOf({ requests })[0], JSON.stringify(orders)).toBe('request_invalid');
    }
  });

  it.each([
    '/users',
    'users',
    '/m%2565',
    '/me/',
    '',
    '/',
    '//me',
    '/me#x',
    '/me?$expand=manager',
    '/me?$select=id&%24select=mail',
    '/me?access_token=x',
    '/me/../users',
    '/me/%2e%2e/users',
    '/me/things/..',
    '/me%2f..%2fusers',
    '\\me',
    '/me\\..\\users',
    '/me\u0000',
    '/me\r\nHost: evil',
    '/ me',
    '/v1.0/me',
    '../beta/me',
    '/../beta/me',
    'https://graph.microsoft.com/v1.0/me',
    'https://evil.example/v1.0/me',
    'HTTPS://evil.example/me',
    '//evil.example/me',
    '///evil.example/me',
    '/\\evil.example/me',
    '@evil.example/me',
    ':80@evil.example/me',
    'evil.example/me',
    'javascript:alert(1)',
    '/$batch',
    '$batch',
    '/%24batch',
    '/$BATCH',
    '/me/$batch',
  ])('the address %j', (url) => {
    const outcome = outcomeOf({ requests: [fine, get({ url })] });
    const code = expect.stringMatching(/^(?:request_invalid|path_not_allowed)$/);
    expect(outcome).toEqual(onlyFineIsSent(code));
  });

  it.each(['get', 'TRACE', 'OPTIONS', 'CONNECT', 'POST', 'GET ', 'GET\n', ''])('the method %j', (method) => {
    expect(outcomeOf({ requests: [fine, get({ method })] })).toEqual(onlyFineIsSent('path_not_allowed'));
  });

  it('a content type that the rule does not name', () => {
    const part = { method: 'PATCH', body: 'AA==', headers: { 'Content-Type': 'image/png' } };
    expect(outcomeOf({ requests: [fine, get(part)] })).toEqual(onlyFineIsSent('content_type_not_allowed'));
  });

  it('any random batch, or sends only what the policy allows', { tags: ['PX-4'] }, () => {
    const piece = fc.constantFrom(
      '/',
      'me',
      'users',
      '..',
      '%2e',
      '//',
      '?',
      '$select=',
      'id',
      '&',
      '#',
      ' ',
      '\\',
      '%',
      ':',
      '@',
      '$batch',
      'http:',
      '\u0000',
    );
    const common = {
      id: fc.oneof(fc.constantFrom('1', '2', 'A', 'a'), fc.string({ maxLength: 3 })),
      url: fc.oneof(
        fc.constantFrom('/me', 'me?$select=id'),
        fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
      ),
      headers: fc.dictionary(
        fc.constantFrom('Accept', 'accept', 'Authorization', 'Cookie'),
        fc.string({ maxLength: 3 }),
      ),
    };
    const part = fc.oneof(
      fc.record({ ...common, method: fc.constantFrom('GET', 'PATCH', 'get') }),
      fc.record({
        ...common,
        method: fc.constantFrom('GET', 'PATCH'),
        body: fc.oneof(fc.constant({}), fc.jsonValue({ maxDepth: 2 })),
        dependsOn: fc.array(fc.constantFrom('1', '2', 'A'), { maxLength: 2 }),
      }),
    );
    const allowed = /^\/me(?:\/things\/[\w@.!~=+-]+)?(?:\?(?:\$|%24)(?:select|filter)=[^&]*)?$/;
    let passed = 0;
    let mixed = 0;
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (requests) => {
        let parts: { requests: Record<string, unknown>[] };
        try {
          parts = sent({ requests });
        } catch (error) {
          if (error instanceof BffError) return;
          throw error;
        }
        if (parts.requests.length > 0) passed++;
        if (parts.requests.length > 0 && parts.requests.length < requests.length) mixed++;
        for (const { url, headers } of parts.requests) {
          expect(url).toMatch(allowed);
          expect(JSON.stringify(headers ?? {})).not.toMatch(/authorization|cookie/i);
        }
      }),
      { numRuns: 3000 },
    );
    expect(passed).toBeGreaterThan(10);
    expect(mixed).toBeGreaterThan(10);
  });
});

describe('four megabytes in one part', () => {
  it.each([
    ['spaces in its query', { url: `/me?${' '.repeat(4_000_000)}` }],
    ['preferences', { headers: { Prefer: Array.from({ length: 400_000 }, (_, at) => `a${at}`).join() } }],
  ])('are refused without reading them: %s', { tags: ['DO-3'] }, (_what, members) => {
    const body = Buffer.from(
      JSON.stringify({ requests: [{ id: '1', method: 'GET', url: '/me', ...members }] }),
    );
    let items: unknown;
    const ms = cpuMs(() => {
      items = readBatch(body, '/v1.0', policy.match);
    });
    expect(items).toMatchObject([{ kind: 'answered', problem: { code: 'request_invalid' } }]);
    expect(ms).toBeLessThan(250);
  });
});

describe('a policy with a rule for $batch', () => {
  it.each(['/v1.0/$batch', '/beta/$BATCH', '/v1.0/me/$batch'])(
    'is refused, because it would allow every call: %s',
    { tags: ['PX-6'] },
    (path) => {
      const rules = [{ methods: ['POST'], path, scopes }];
      const refused = parseGraphPolicy({ features: { all: { title: 'All', rules } } });
      expect(refused).toMatchObject({ kind: 'invalid', issues: [expect.stringContaining('needs no rule')] });
    },
  );
});
