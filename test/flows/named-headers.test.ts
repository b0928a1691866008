import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withSentIds } from '../support/batch-answer.ts';
import { type ProxyWorld, startProxyWorld } from '../support/proxy-world.ts';
import { rawAnswer } from '../support/raw-upstream.ts';
import { sendWire, type WireAnswer } from '../support/user-agent.ts';

let proxy: ProxyWorld;
let cookie: string;

beforeAll(async () => {
  proxy = await startProxyWorld();
  cookie = await proxy.cookieOf('alice');
});
afterAll(() => proxy.close());
afterEach(() => {
  proxy.upstream.requests.length = 0;
  proxy.upstream.respondWith((socket) => socket.write(rawAnswer('{}')));
});

type Headers = Readonly<Record<string, string>>;

/** Sends a call alone or as the only part of a batch. */
const ways = {
  alone: (path: string, headers: Headers, method: string) =>
    proxy.call(path, {
      method,
      headers: { ...headers, ...(method === 'GET' ? {} : json('{}')) },
      ...(method === 'GET' ? {} : { body: '{}' }),
    }),
  'in a batch': async (path: string, headers: Headers, method: string) => {
    const part = { id: '1', method, url: `/me${path}`, headers, ...(method === 'GET' ? {} : { body: {} }) };
    const body = JSON.stringify({ requests: [part] });
    proxy.upstream.respondWith((socket, { body: sentBatch }) =>
      socket.write(
        rawAnswer(withSentIds(sentBatch, '{"responses":[{"id":"1","status":200}]}'), [
          'Content-Type: application/json',
        ]),
      ),
    );
    const answer = await callBatch(body);
    // This service answers a refused part in its place.
    if (answer.headers['bff-answered-parts'] !== '0') return answer;
    const [refused] = JSON.parse(answer.body).responses;
    return { ...answer, status: refused.status, body: JSON.stringify(refused.body) };
  },
};
const callBatch = (body: string, headers: Headers = {}) =>
  sendWire(proxy.worker.origin, '/api/graph/v1.0/$batch', {
    method: 'POST',
    headers: { cookie, 'x-csrf': '1', ...json(body), ...headers },
    body,
  });
const json = (body: string) => ({
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(body)),
});

const problemOf = ({ status, body }: WireAnswer) => [status, JSON.parse(body).code];
const sent = () => {
  const [request] = proxy.upstream.requests;
  return `${request?.head}\n${request?.body.toString()}`.toLowerCase();
};

describe.each(Object.entries(ways))('a header that changes a call, %s', (_way, call) => {
  it.each([
    ['X-PeopleQuery-QuerySources', 'Directory', 'GET'],
    ['workbook-session-id', 'cluster=1', 'PATCH'],
    ['Workbook-Session-Id', 'cluster=1', 'GET'],
    ['MS-APP-ACTS-AS', '00000000-0000-4000-8000-000000000001', 'GET'],
    ['If-Unmodified-Since', 'Thu, 01 Jan 2026 00:00:00 GMT', 'PATCH'],
    ['Content-Range', 'bytes 0-1/9', 'PUT'],
  ])(
    'is refused with 400 if the rule does not name it: %s: %s, with %s',
    { tags: ['PX-7'] },
    async (name, value, method) => {
      const answer = await call('/things/t1', { [name]: value }, method);
      expect(problemOf(answer)).toEqual([400, 'request_invalid']);
      expect(JSON.parse(answer.body).detail).toContain(`the header ${name.toLowerCase()} changes the call`);
      expect(proxy.upstream.requests).toEqual([]);
    },
  );

  it('is forwarded if the rule names it, and others are still refused', async () => {
    expect((await call('/sheets/s1', { 'WORKBOOK-session-id': 'cluster=1' }, 'PATCH')).status).toBe(200);
    expect(sent()).toMatch(/workbook-session-id"?: ?"?cluster=1/);
    expect((await call('/sheets/s1', { 'ms-app-acts-as': 'x' }, 'PATCH')).status).toBe(400);
  });

  it('is dropped from a read if browsers may add it', { tags: ['PX-7'] }, async () => {
    expect((await call('/things/t1', { 'If-Unmodified-Since': 'x', 'X-Other': 'y' }, 'GET')).status).toBe(
      200,
    );
    expect(sent()).not.toMatch(/if-unmodified-since|x-other/);
  });
});

describe.each(Object.entries(ways))('a preference, %s', (_way, call) => {
  it.each([
    'return=minimal',
    'return=representation, outlook.timezone="Pacific Standard Time"',
    'outlook.timezone="Central Standard Time (Mexico)"',
    'outlook.timezone="tzone://Microsoft/Utc"',
    'outlook.body-content-type="text"',
    'IdType="ImmutableId"',
    'include-unknown-enum-members',
    ',return=minimal,,',
  ])('%s is forwarded for every rule', async (prefer) => {
    expect((await call('/things/t1', { Prefer: prefer }, 'GET')).status).toBe(200);
    expect(sent()).toContain('prefer');
  });

  it.each([
    'redeemSharingLink',
    'redeemSharingLinkIfNecessary',
    'return=minimal, redeemSharingLink',
    'outlook.allow-unsafe-html',
    'respond-async',
    'odata.include-annotations="*"',
    'odata.track-changes',
    'bypass-shared-lock',
    'outlook.body-content-type="rtf"',
    'return=minimal, return=representation',
    'return=minimal; foo=bar',
    'return="minimal',
    'return minimal',
    'return=minimal=representation',
    'ＩｄType',
    'outlook.timezone="UTC, redeemSharingLink"',
    'outlook.timezone="UTC,redeemSharingLink"',
    'outlook.timezone="UTC; redeemSharingLink"',
    'outlook.timezone="UTC=1"',
    `outlook.timezone="${'U'.repeat(65)}"`,
    'outlook.timezone=""',
    'return="minimal, redeemSharingLink"',
    'include-unknown-enum-members=", redeemSharingLink"',
    'odata.maxpagesize=5',
    'maxpagesize=5',
  ])('%s is refused with 400 if the rule does not name it', async (prefer) => {
    expect(
      problemOf(await call('/things/t1', { Prefer: Buffer.from(prefer).toString('latin1') }, 'GET')),
    ).toEqual([400, 'request_invalid']);
    expect(proxy.upstream.requests).toEqual([]);
  });

  it('that the rule names is forwarded with any valid value', async () => {
    for (const prefer of ['respond-async', 'Respond-Async, return=minimal', 'respond-async=x']) {
      expect((await call('/sheets/s1', { Prefer: prefer }, 'GET')).status, prefer).toBe(200);
    }
    expect((await call('/sheets/s1', { Prefer: 'wait=10' }, 'GET')).status).toBe(400);
  });

  it.each([
    'respond-async="x, redeemSharingLink"',
    'respond-async="x; redeemSharingLink"',
    'odata.maxpagesize="5, redeemSharingLink"',
    'maxpagesize="5;redeemSharingLink"',
  ])(
    'that the rule names is refused with 400 as %s, because some parsers split inside quotes',
    async (prefer) => {
      expect(problemOf(await call('/sheets/s1', { Prefer: prefer }, 'GET'))).toEqual([
        400,
        'request_invalid',
      ]);
      expect(proxy.upstream.requests).toEqual([]);
    },
  );

  it('for the page size has the same bounds as $top', async () => {
    for (const [prefer, status] of [
      ['odata.maxpagesize=50', 200],
      ['odata.maxpagesize="50"', 200],
      ['ODATA.MaxPageSize=1', 200],
      ['maxpagesize=50', 200],
      ['odata.maxpagesize=51', 400],
      ['maxpagesize=999', 400],
      ['odata.maxpagesize=5e1', 400],
      ['odata.maxpagesize', 400],
      ['odata.maxpagesize=-1', 400],
    ] as const) {
      expect((await call('/sheets/s1', { Prefer: prefer }, 'GET')).status, prefer).toBe(status);
    }
  });
});

describe('a header of a batch itself', () => {
  it.each([
    ['Prefer', 'respond-async'],
    ['Workbook-Session-Id', 'cluster=1'],
  ])('is refused with 400, because it belongs to a part: %s: %s', async (name, value) => {
    const body = JSON.stringify({ requests: [{ id: '1', method: 'GET', url: '/me' }] });
    const answer = await callBatch(body, { [name]: value });
    expect(problemOf(answer)).toEqual([400, 'request_invalid']);
    expect(proxy.upstream.requests).toEqual([]);
  });
});
