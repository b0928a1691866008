import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyWorld, startProxyWorld } from '../support/proxy-world.ts';
import { exchangeBytes } from '../support/raw-client.ts';
import { rawAnswer } from '../support/raw-upstream.ts';

let proxy: ProxyWorld;
let cookie: string;

beforeAll(async () => {
  proxy = await startProxyWorld();
  cookie = await proxy.cookieOf('alice');
});
afterAll(() => proxy.close());

afterEach(() => {
  proxy.upstream.requests.length = 0;
});

/** Makes a call with exactly these header lines. */
async function callWith(lines: readonly string[], options: { method?: string; body?: string } = {}) {
  const { method = 'GET', body = '' } = options;
  const answer = await exchangeBytes(
    proxy.worker.origin,
    [
      `${method} /api/graph/v1.0/me/things/t1 HTTP/1.1`,
      `Host: localhost:${proxy.worker.host.port}`,
      `Cookie: ${cookie}`,
      'X-CSRF: 1',
      'Connection: close',
      ...lines,
      '',
      body,
    ].join('\r\n'),
  );
  return { answer, status: Number(answer.split(' ')[1]) };
}

/** Returns the sorted lines of the only request that the upstream received, with placeholders for token and id. */
function forwardedLines(): string[] {
  const [request, ...more] = proxy.upstream.requests;
  if (request === undefined || more.length > 0) throw new Error(`${more.length + 1} requests`);
  const [requestLine = '', ...lines] = request.head
    .replace(/Bearer ey[\w.-]+/, 'Bearer OURS')
    .replace(/client-request-id: [\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/, 'client-request-id: OURS')
    .split('\r\n');
  return [requestLine, ...lines.sort()];
}

const callersId = '6c6fb5ea-4bc1-4960-8a81-0c31ea150867';

const ownLines = () => [
  'Connection: keep-alive',
  `Host: ${new URL(proxy.upstream.origin).host}`,
  'accept-encoding: identity',
  'authorization: Bearer OURS',
  'client-request-id: OURS',
];

// Names that identify the user, the browser, the platform or this service, change method or target, or act as a token,
// with similar spellings.
const hostileNames = `
  Authorization_ Authorization-X X-Authorization X_Authorization Proxy-Authorization Proxy_Authorization
  X-Forwarded-For X_Forwarded_For X-Forwarded-Host X_FORWARDED_HOST X-Forwarded-Proto X-Forwarded-User X_Forwarded_User
  X-Forwarded-Groups X-Forwarded-Access-Token X-Forwarded-Client-Cert X-Forwarded-Server X-Forwarded-Port Forwarded Via
  X-Real-IP X-Client-IP Client-IP True-Client-IP CF-Connecting-IP X-Azure-ClientIP X-Azure-SocketIP X-Azure-FDID
  X-Original-URL X-Rewrite-URL X-Original-Host X-HTTP-Method-Override X-HTTP-Method X-Method-Override
  X-MS-Client-Principal X-MS-Client-Principal-Id X-MS-Client-Principal-Name X-MS-Token-AAD-Access-Token
  X-MS-Token-AAD-Id-Token X-MS-Invocation-Id X-MS-Client-Request-Id X-Functions-Key X-ARR-SSL X-ARR-Log-Id X-SITE-DEPLOYMENT-ID
  X-WAWS-Unencoded-URL Disguised-Host WAS-DEFAULT-HOSTNAME Proxy-Connection Sec-CH-UA Sec-Fetch-User Origin-Agent-Cluster
  AnchorMailbox X-AnchorMailbox User-Agent Referer From DNT Cache-Control Pragma If-Modified-Since If-Unmodified-Since
  TE Trailer Max-Forwards Early-Data X-CSRF-Token X-Requested-With Traceparent Tracestate Baggage Request-Id Correlation-Context
  Cookie2 Set-Cookie Content-MD5 Digest Content-Language Content-Location OData-Version OData-MaxVersion Isolation
  Client_Request_Id If_Match Content_Type ConsistencyLevel_ Prefer-X X-Prefer Range_ SdkVersion_ Accept_Language
  X-OData-Override X-Amz-Meta X-Dapr-Token Keep-Alive HTTP2-Settings Alt-Used Expect-CT`
  .trim()
  .split(/\s+/);

describe('the headers of a request to the upstream', () => {
  // In two parts, because the host accepts at most 100 header lines.
  it.each([0, 1])(
    'are one exact set, whichever other headers the browser sends (part %i)',
    { tags: ['PX-7', 'PX-8', 'CS-4'] },
    async (part) => {
      expect(new Set(hostileNames.map((name) => name.toLowerCase())).size).toBeGreaterThanOrEqual(60);
      const { status } = await callWith([
        ...hostileNames.filter((_name, index) => index % 2 === part).map((name) => `${name}: evil`),
        'Authorization: Bearer evil',
        'aUTHORIZATION: Bearer evil',
        'Accept-Encoding: gzip, br',
        'Connection: authorization, accept-encoding, client-request-id, host, cookie, x-csrf',
        'Connection: keep-alive, upgrade',
      ]);
      expect(status).toBe(200);
      expect(forwardedLines()).toEqual(['GET /v1.0/me/things/t1 HTTP/1.1', ...ownLines()]);
    },
  );

  it('contain each header that Graph needs once, in any letter case', { tags: ['PX-7'] }, async () => {
    const { status } = await callWith(
      [
        'CONSISTENCYLEVEL: eventual',
        'pReFeR: return=minimal',
        'Prefer: outlook.timezone="UTC"',
        'If-Match: W/"1"',
        'IF-NONE-MATCH: W/"2"',
        'If-Range: "3"',
        'Range: bytes=0-9',
        `Client-Request-Id: ${callersId}`,
        'SdkVersion: graph-js/3.0.7',
        'Accept: application/json',
        'Accept-Language: de',
        'Content-Type: application/json',
        'Content-Length: 2',
      ],
      { method: 'PATCH', body: '{}' },
    );
    expect(status).toBe(200);
    expect(proxy.upstream.requests[0]?.head).toContain(`client-request-id: ${callersId}`);
    expect(forwardedLines()).toEqual([
      'PATCH /v1.0/me/things/t1 HTTP/1.1',
      'Connection: keep-alive',
      `Host: ${new URL(proxy.upstream.origin).host}`,
      'accept-encoding: identity',
      'accept-language: de',
      'accept: application/json',
      'authorization: Bearer OURS',
      'client-request-id: OURS',
      'consistencylevel: eventual',
      'content-length: 2',
      'content-type: application/json',
      'if-match: W/"1"',
      'if-none-match: W/"2"',
      'if-range: "3"',
      // The host joins them.
      'prefer: return=minimal,outlook.timezone="UTC"',
      'range: bytes=0-9',
      'sdkversion: graph-js/3.0.7',
    ]);
  });

  it('contain a new request id if the caller’s is not a UUID, because it would not identify the answer', {
    tags: ['PX-17'],
  }, async () => {
    for (const id of ['c1', 'x'.repeat(36), callersId.slice(1)]) {
      proxy.upstream.requests.length = 0;
      expect((await callWith([`Client-Request-Id: ${id}`])).status).toBe(200);
      expect(forwardedLines()).toEqual(['GET /v1.0/me/things/t1 HTTP/1.1', ...ownLines()]);
    }
  });

  it.each(['GET', 'HEAD', 'DELETE'])('contain no length for a %s', async (method) => {
    expect((await callWith([], { method })).status).toBe(200);
    expect(forwardedLines()).toEqual([`${method} /v1.0/me/things/t1 HTTP/1.1`, ...ownLines()]);
  });

  it('contain a length of 0 for a write without a body', async () => {
    expect((await callWith(['Content-Length: 0'], { method: 'POST' })).status).toBe(200);
    expect(forwardedLines()).toContain('content-length: 0');
  });
});

describe('refuses', () => {
  it.each([
    ['CR', 'a\rb'],
    ['NUL', 'a\0b'],
    ['a folded line', 'a\r\n b'],
    ['an escape', 'a\x1b[0m'],
    ['a character outside ASCII', 'a\xe9'],
    ['DEL', 'a\x7f'],
    ['3,000 characters', 'a'.repeat(3000)],
  ])('%s in a forwarded header, with 400 and nothing sent', { tags: ['PX-8'] }, async (_what, value) => {
    for (const name of ['Prefer', 'Accept', 'If-Match', 'Client-Request-Id', 'Content-Type']) {
      expect((await callWith([`${name}: ${value}`])).status, name).toBe(400);
    }
    expect(proxy.upstream.requests).toEqual([]);
  });

  it('to forward a header line that is smuggled into another header', {
    tags: ['PX-8'],
  }, async () => {
    await callWith(['Prefer: return=minimal\r\nAuthorization: Bearer evil\r\nX-Evil: 1']);
    expect(forwardedLines()).toEqual([
      'GET /v1.0/me/things/t1 HTTP/1.1',
      ...ownLines(),
      'prefer: return=minimal',
    ]);
  });
});

const hostileAnswerLines = [
  'Set-Cookie: session=evil; Path=/',
  'Set-Cookie: __Host-session=evil; Path=/; Secure',
  'Set-Cookie2: session=evil',
  'WWW-Authenticate: Bearer realm="evil"',
  'Proxy-Authenticate: Basic',
  'Authentication-Info: evil',
  'Clear-Site-Data: "*"',
  'Refresh: 0; url=https://evil.example/',
  'Location: https://evil.example/',
  'Content-Location: https://evil.example/',
  'Link: </evil.js>; rel=preload; as=script',
  'Alt-Svc: h3="evil.example:443"',
  'Access-Control-Allow-Origin: *',
  'Access-Control-Allow-Credentials: true',
  'Access-Control-Allow-Headers: *',
  'Access-Control-Allow-Methods: *',
  'Access-Control-Expose-Headers: *',
  'Access-Control-Max-Age: 86400',
  'Strict-Transport-Security: max-age=0',
  "Content-Security-Policy: script-src 'unsafe-inline'",
  'Content-Security-Policy-Report-Only: default-src *; report-uri https://evil.example/',
  'Report-To: {"endpoints":[{"url":"https://evil.example/"}]}',
  'NEL: {"report_to":"x"}',
  'Permissions-Policy: camera=*',
  'Cross-Origin-Opener-Policy: unsafe-none',
  'Cross-Origin-Embedder-Policy: unsafe-none',
  'Cross-Origin-Resource-Policy: cross-origin',
  'X-Content-Type-Options: none',
  'X-Frame-Options: ALLOWALL',
  'Content-Disposition: inline',
  'Cache-Control: public, max-age=99999',
  'Expires: Thu, 01 Jan 2099 00:00:00 GMT',
  'Age: 1',
  'Vary: *',
  'Server: evil',
  'X-Powered-By: evil',
  'Via: 1.1 evil',
  'X-MS-Invocation-Id: evil',
  'X-MS-Ags-Diagnostic: {"ServerInfo":{}}',
  'SourceMap: /evil.map',
  'Service-Worker-Allowed: /',
  'Timing-Allow-Origin: *',
  'Origin-Agent-Cluster: ?0',
  'Keep-Alive: timeout=9999',
  'Trailer: Set-Cookie',
  'Content_Type: text/html',
  'last-modified: not ASCII \xe9',
];

describe('the headers of a response to the browser', () => {
  it('are not read beyond 16 KiB, and the problem names the header of a claims challenge', {
    tags: ['PX-15'],
  }, async () => {
    const claims = Buffer.from('x'.repeat(150_000)).toString('base64');
    proxy.upstream.respondWith((socket) => {
      const challenge = `WWW-Authenticate: Bearer error="insufficient_claims", claims="${claims}"`;
      socket.write(rawAnswer('{}', [challenge], '401 Unauthorized'));
    });
    const { answer, status } = await callWith([]);
    expect(status).toBe(502);
    expect(answer).toContain('"code":"upstream_answer_refused"');
    expect(answer).toContain('larger than 16 KiB');
    expect(answer).toContain('WWW-Authenticate');
  });

  it('are one exact set, whichever other headers the upstream sends', { tags: ['PX-12'] }, async () => {
    expect(hostileAnswerLines.length).toBeGreaterThanOrEqual(40);
    proxy.upstream.respondWith((socket) => {
      const passed = [
        'Content-Type: application/json;odata.metadata=minimal',
        'ETag: W/"1"',
        'Request-Id: r1',
        'Preference-Applied: return=minimal',
        'OData-Version: 4.0',
        'Accept-Ranges: bytes',
        'Content-Language: de',
        'Retry-After: 1.5',
        'Deprecation: @1735689600',
        'Sunset: Fri, 01 Jan 2027 00:00:00 GMT',
      ];
      socket.write(rawAnswer('{"a":1}', [...hostileAnswerLines, ...passed]));
    });
    const { answer } = await callWith([`client-request-id: ${callersId}`]);
    const [head = '', body] = answer.split('\r\n\r\n');
    const [statusLine, ...lines] = head
      .replace(/date: .*/i, 'date: NOW')
      .toLowerCase()
      .split('\r\n');
    expect([statusLine, body]).toEqual(['http/1.1 200 ok', '{"a":1}']);
    expect(lines.sort()).toEqual(
      [
        'accept-ranges: bytes',
        'cache-control: no-store',
        `client-request-id: ${callersId}`,
        'connection: close',
        'content-language: de',
        'content-length: 7',
        "content-security-policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
        'content-type: application/json;odata.metadata=minimal',
        'cross-origin-resource-policy: same-origin',
        'date: now',
        'deprecation: @1735689600',
        'etag: w/"1"',
        'odata-version: 4.0',
        'preference-applied: return=minimal',
        'referrer-policy: no-referrer',
        'request-id: r1',
        'retry-after: 2',
        'server: kestrel',
        'strict-transport-security: max-age=31536000',
        'sunset: fri, 01 jan 2027 00:00:00 gmt',
        'vary: cookie, origin',
        'x-content-type-options: nosniff',
      ].sort(),
    );
  });

  it.each([
    ['image/png', "attachment; filename*=UTF-8''a%20b.png"],
    ['text/html', "attachment; filename*=UTF-8''a%20b.png"],
    ['application/json', "attachment; filename*=UTF-8''a%20b.png"],
  ])('contain the file name of the upstream, for %s', { tags: ['PX-13'] }, async (type, disposition) => {
    proxy.upstream.respondWith((socket) => {
      const lines = [`Content-Type: ${type}`, 'Content-Disposition: inline; filename="../a b.png"; evil=1'];
      socket.write(rawAnswer('{}', lines));
    });
    const { headers } = await proxy.call('/things/t1');
    expect(headers['content-disposition']).toBe(disposition);
  });

  it('contain no trailers of the upstream', { tags: ['PX-12'] }, async () => {
    proxy.upstream.respondWith((socket) => {
      socket.write(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: ETag\r\n\r\n2\r\n{}\r\n0\r\nETag: "evil"\r\nSet-Cookie: a=b\r\n\r\n',
      );
    });
    const { answer } = await callWith([]);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toMatch(/\r\n\r\n\{\}$/);
    expect(answer).not.toMatch(/evil|set-cookie|trailer/i);
  });
});
