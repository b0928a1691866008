import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RawRequest, rawAnswer, rawChunkedAnswer, startRawUpstream } from '../support/raw-upstream.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

type RawUpstream = Awaited<ReturnType<typeof startRawUpstream>>;

const graphPolicy = {
  features: {
    profile: {
      title: 'Profile',
      signIn: true,
      rules: [
        {
          methods: ['GET'],
          path: '/v1.0/me',
          query: { $select: true, $skiptoken: true },
          scopes: ['User.Read'],
        },
        { methods: ['POST'], path: '/v1.0/me/things', scopes: ['User.Read'] },
        { methods: ['GET'], path: '/v1.0/me/files/{id}', scopes: ['User.Read'], fileLinks: true },
      ],
    },
  },
};
const ownPolicy = {
  features: {
    orders: {
      title: 'Orders',
      rules: [{ methods: ['GET', 'POST'], path: '/echo/{id}', scopes: ['Orders.Read'] }],
    },
  },
};
const folder = mkdtempSync(join(tmpdir(), 'returned-token-'));
let world: World;
let upstream: RawUpstream;
let worker: Worker;
let browser: UserAgent;

beforeAll(async () => {
  [world, upstream] = await Promise.all([startWorld(), startRawUpstream()]);
  writeFileSync(join(folder, 'graph.json'), JSON.stringify(graphPolicy));
  writeFileSync(join(folder, 'orders.json'), JSON.stringify(ownPolicy));
  worker = await world.startWorker({
    environment: {
      DEV_GRAPH_ORIGIN: upstream.origin,
      GRAPH_POLICY_FILE: join(folder, 'graph.json'),
      API_NAMES: 'orders',
      API_ORDERS_ORIGIN: upstream.origin,
      API_ORDERS_SCOPE_PREFIX: 'api://contoso-orders',
      API_ORDERS_POLICY_FILE: join(folder, 'orders.json'),
    },
  });
  grantSignIn(world);
  browser = worker.browser();
  await signIn(browser, { user: 'alice', from: '/api/auth/login?feature=orders' });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all([world.close(), upstream.close()]);
});
afterEach(() => {
  upstream.requests.length = 0;
  worker.logLines.length = 0;
});

/** Returns the Authorization header that the API received. */
const authorizationIn = ({ head }: RawRequest) => /^authorization: (.*)$/m.exec(head)?.[1]?.trim() ?? '';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const percent = (text: string) => Buffer.from(text).toString('hex').replaceAll(/../g, '%$&').toLowerCase();
const unicode = (text: string) =>
  [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const inLines = (text: string) => text.replaceAll(/.{76}/g, '$&\r\n');

/** Encodings in which an error page or a diagnosis may contain the header. */
const spellings: Readonly<Record<string, (header: string) => string>> = {
  unchanged: (header) => header,
  'the token alone': (header) => header.replace('Bearer ', ''),
  'its signature alone': (header) => header.slice(header.lastIndexOf('.') + 1),
  'encoded for a query': encodeURIComponent,
  'percent-encoded throughout': percent,
  'escaped for JSON throughout': unicode,
  'in hexadecimal digits': (header) => Buffer.from(header).toString('hex').toUpperCase(),
  'in base64': base64,
  'in base64 behind one byte': (header) => base64(`.${header}`),
  'in base64 behind two bytes': (header) => base64(`..${header}`),
  'in base64url, among all headers': (header) =>
    Buffer.from(`host: localhost\nauthorization: ${header}\naccept: */*`).toString('base64url'),
  'in base64, in lines of 76 letters': (header) => inLines(base64(`authorization: ${header}`)),
  'in lines of 76 letters': inLines,
  'in base64 of base64': (header) => base64(`<p>${base64(`authorization: ${header}`)}</p>`),
  'in UTF-16': (header) => Buffer.from(header, 'utf16le').toString('latin1'),
};

/** The whole response, including headers, as text. */
const bytesOf = ({ headers, bytes }: WireAnswer) => `${JSON.stringify(headers)}\n${bytes.toString('latin1')}`;

function expectRefused(answer: WireAnswer, header: string, feature: string, place: 'headers' | 'body'): void {
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([502, 'upstream_answer_refused']);
  expect(header).toMatch(/^Bearer eyJ/);
  const left = bytesOf(answer);
  for (const part of header.replace('Bearer ', '').split('.')) expect(left).not.toContain(part);
  const records = worker.logLines.filter((line) => line.includes('token-returned'));
  expect(records.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'token-returned', audit: true, feature, place },
  ]);
  expect(worker.logLines.join('\n')).not.toContain(header.slice(-40));
}

async function echoed(
  path: string,
  answerTo: (header: string, request: RawRequest) => Buffer,
  init: Parameters<UserAgent['script']>[2] = {},
  method = 'GET',
): Promise<{ answer: WireAnswer; header: string }> {
  let header = '';
  upstream.respondWith((socket, request) => {
    header = authorizationIn(request);
    socket.write(answerTo(header, request));
  });
  const answer = await browser.script(method, path, init);
  return { answer, header };
}

const echo = '/api/orders/echo/e1';
const page = (text: string) => `<html><h1>500</h1><pre>authorization: ${text}</pre></html>`;

describe('an API that returns the access token of the call', () => {
  describe.each(Object.entries(spellings))('%s', (_how, spell) => {
    it.each([
      ['JSON', 'application/json', '200 OK'],
      ['an error page', 'text/html; charset=utf-8', '500 Internal Server Error'],
      ['a problem document', 'application/problem+json', '400 Bad Request'],
      ['a picture', 'image/png', '200 OK'],
    ])(
      'in %s is refused and recorded, and no part of the token is passed on',
      { tags: ['PX-16'] },
      async (_what, type, status) => {
        const { answer, header } = await echoed(echo, (sent) => {
          const text = type.includes('json') ? `{"headers":"${spell(sent)}"}` : page(spell(sent));
          return rawAnswer(Buffer.from(text, 'latin1'), [`Content-Type: ${type}`], status);
        });
        expectRefused(answer, header, 'orders', 'body');
      },
    );
  });

  it.each(['Content-Type: text/plain; a=', 'ETag: ', 'Request-Id: ', 'Content-Language: '])(
    'in the header %s… is refused and recorded',
    { tags: ['PX-16'] },
    async (line) => {
      const { answer, header } = await echoed(echo, (sent) =>
        rawAnswer('{}', [`${line}${sent.replace('Bearer ', '')}`]),
      );
      expectRefused(answer, header, 'orders', 'headers');
    },
  );

  it('in chunks of three bytes is refused', { tags: ['PX-16'] }, async () => {
    const { answer, header } = await echoed(echo, (sent) =>
      rawChunkedAnswer(page(sent).match(/.{1,3}/gs) ?? [], ['Content-Type: text/html']),
    );
    expectRefused(answer, header, 'orders', 'body');
  });

  it('after a megabyte of other text is refused', { tags: ['PX-16'] }, async () => {
    const { answer, header } = await echoed(echo, (sent) => rawAnswer(`${'x'.repeat(1024 * 1024)}${sent}`));
    expectRefused(answer, header, 'orders', 'body');
  });

  it('in the answer to a write is refused, and the problem says that the write may have taken effect', async () => {
    const { answer, header } = await echoed(
      echo,
      (sent) => rawAnswer(page(sent), ['Content-Type: text/html']),
      { body: '{}', headers: { 'content-type': 'application/json', 'content-length': '2' } },
      'POST',
    );
    expectRefused(answer, header, 'orders', 'body');
    expect(JSON.parse(answer.body).detail).toContain('The call may have taken effect.');
  });

  it('in a compressed answer is refused, as is every compressed answer', async () => {
    const { answer } = await echoed(echo, (sent) =>
      rawAnswer(gzipSync(sent), ['Content-Encoding: gzip', 'Content-Type: text/html']),
    );
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([502, 'upstream_answer_refused']);
  });

  it('in a compressed file is not detected, because the file is opaque data', async () => {
    const { answer, header } = await echoed(echo, (sent) =>
      rawAnswer(gzipSync(sent), ['Content-Type: application/gzip']),
    );
    expect([answer.status, answer.bytes.equals(gzipSync(header))]).toEqual([200, true]);
  });

  it('is refused even if the API had rejected that token before', async () => {
    const claims = base64('{"access_token":{"nbf":{"essential":true,"value":"1"}}}');
    let first = '';
    upstream.respondWith((socket, request) => {
      if (first !== '') return void socket.write(rawAnswer(page(first), ['Content-Type: text/html']));
      first = authorizationIn(request);
      const challenge = `WWW-Authenticate: Bearer error="insufficient_claims", claims="${claims}"`;
      socket.write(rawAnswer('{}', [challenge], '401 Unauthorized'));
    });
    const answer = await browser.script('GET', echo);
    expect(upstream.requests.map(authorizationIn)).not.toEqual([first, first]);
    expectRefused(answer, first, 'orders', 'body');
  });
});

describe('Graph', () => {
  it('is refused and recorded if it returns the token in a body', { tags: ['PX-16'] }, async () => {
    const { answer, header } = await echoed('/api/graph/v1.0/me', (sent) => rawAnswer(`{"a":"${sent}"}`));
    expectRefused(answer, header, 'profile', 'body');
  });

  it('is refused if it returns the token in a next link', {
    tags: ['PX-14', 'PX-16'],
  }, async () => {
    const { answer, header } = await echoed('/api/graph/v1.0/me', (sent) =>
      rawAnswer(
        JSON.stringify({
          '@odata.nextLink': `${upstream.origin}/v1.0/me?$skiptoken=${encodeURIComponent(sent)}`,
        }),
        ['Content-Type: application/json'],
      ),
    );
    expectRefused(answer, header, 'profile', 'body');
  });

  it('is refused if it returns the token in Location', {
    tags: ['PX-14', 'PX-16'],
  }, async () => {
    const { answer, header } = await echoed(
      '/api/graph/v1.0/me/things',
      (sent) =>
        rawAnswer(
          '{}',
          [
            `Location: ${upstream.origin}/v1.0/me?$skiptoken=${sent.slice(sent.lastIndexOf('.') + 1)}`,
            'Content-Type: application/json',
          ],
          '201 Created',
        ),
      { body: '{}', headers: { 'content-type': 'application/json', 'content-length': '2' } },
      'POST',
    );
    expectRefused(answer, header, 'profile', 'headers');
  });

  it('is refused if it returns the token in a redirect to a file', {
    tags: ['PX-11', 'PX-16'],
  }, async () => {
    const { answer, header } = await echoed('/api/graph/v1.0/me/files/f1', (sent) =>
      rawAnswer('', [`Location: ${upstream.origin}/files/f1?t=${base64(sent)}`], '302 Found'),
    );
    expectRefused(answer, header, 'profile', 'body');
  });

  it.each([
    ['in its JSON', (sent: string) => ({ a: sent })],
    ['in base64', (sent: string) => base64(page(sent))],
    ['in base64 of base64', (sent: string) => base64(page(base64(`authorization: ${sent}`)))],
  ])(
    'is refused for the whole batch if a part contains the token %s',
    { tags: ['PX-6', 'PX-16'] },
    async (_how, bodyOf) => {
      const body = JSON.stringify({ requests: [{ id: '1', method: 'GET', url: '/me' }] });
      const { answer, header } = await echoed(
        '/api/graph/v1.0/$batch',
        (sent, request) => {
          // The service replaces the ids of parts.
          const [part] = JSON.parse(request.body.toString()).requests;
          const responses = [{ id: part.id, status: 200, headers: {}, body: bodyOf(sent) }];
          return rawAnswer(JSON.stringify({ responses }), ['Content-Type: application/json']);
        },
        { body, headers: { 'content-type': 'application/json', 'content-length': String(body.length) } },
        'POST',
      );
      expectRefused(answer, header, 'profile', 'body');
    },
  );
});

describe('an answer with similar text', () => {
  it.each([
    [
      'a token of another issue',
      (sent: string) => `${sent.slice(0, sent.lastIndexOf('.'))}.${'Q2xlYXIx'.repeat(40)}`,
    ],
    ['another text in base64', (sent: string) => base64(sent.slice(0, sent.lastIndexOf('.')))],
  ])('is passed on with %s', async (_what, textOf) => {
    const { answer, header } = await echoed(echo, (sent) => rawAnswer(textOf(sent)));
    expect([answer.status, answer.body]).toEqual([200, textOf(header)]);
  });
});
