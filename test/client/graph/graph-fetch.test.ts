import { describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../../client/client.ts';
import { type GraphFetchOptions, graphFetch, problemOf } from '../../../client/graph.ts';
import {
  type Answer,
  callsOf,
  needsConsent,
  openPage,
  origin,
  problemAnswer,
  thrownBy,
} from '../fake-page.ts';

const fileUrl = 'https://contoso-my.sharepoint.com/download.aspx?tempauth=v1.x';
const uploadUrl = 'https://contoso-my.sharepoint.com/uploadSession?tempauth=v1.y';

function openGraph(
  answer: Answer = () => Response.json({}),
  options: GraphFetchOptions = {},
  client: ClientOptions = { interaction: 'manual' },
) {
  const { page, client: bff } = openPage({
    answer: (sent) => (sent.path.endsWith('/auth/session') ? Response.json({}) : answer(sent)),
    client,
  });
  return { page, send: graphFetch(bff, { page, ...options }) };
}

const textOf = (body: unknown) => new Response(body as BodyInit).text();

describe('graphFetch', () => {
  it.for([
    '/me',
    '/v1.0/me',
    '/api/graph/v1.0/me',
    `${origin}/api/graph/v1.0/me`,
    'https://graph.microsoft.com/v1.0/me',
  ])('calls %s through the client', async (address) => {
    const { page, send } = openGraph();
    await send(address, { headers: { consistencylevel: 'eventual' } });
    await send(new URL(address, origin).href === address ? new URL(address) : address);
    const [sent] = callsOf(page);
    expect(sent).toMatchObject({ url: `${origin}/api/graph/v1.0/me`, method: 'GET' });
    expect(Object.fromEntries(sent?.headers ?? [])).toMatchObject({
      consistencylevel: 'eventual',
      'x-csrf': '1',
      'x-session-tag': 'none',
    });
  });

  it.for([`${origin}/api/graph/v1.0/me/messages`, 'https://graph.microsoft.com/v1.0/me/messages'])(
    'takes a Request for %s as a whole',
    async (address) => {
      const { page, send } = openGraph();
      const stop = new AbortController();
      const request = new Request(address, {
        method: 'POST',
        body: '{"subject":"Hello"}',
        headers: { 'content-type': 'application/json', prefer: 'return=minimal' },
        signal: stop.signal,
      });
      await send(request);
      const [sent] = callsOf(page);
      expect(sent).toMatchObject({ url: `${origin}/api/graph/v1.0/me/messages`, method: 'POST' });
      expect(sent?.headers.get('content-type')).toBe('application/json');
      expect(sent?.headers.get('prefer')).toBe('return=minimal');
      expect(await textOf(sent?.body)).toBe('{"subject":"Hello"}');
      stop.abort();
      expect(sent?.signal?.aborted).toBe(true);
    },
  );

  it('replaces members of a Request by those of init', async () => {
    const { page, send } = openGraph();
    const request = new Request('https://graph.microsoft.com/v1.0/me', { headers: { prefer: 'a' } });
    await send(request, { method: 'PATCH', body: '{}', headers: { 'if-match': 'W/"1"' } });
    const [sent] = callsOf(page);
    expect([sent?.method, sent?.headers.get('if-match'), sent?.headers.get('prefer')]).toEqual([
      'PATCH',
      'W/"1"',
      null,
    ]);
  });

  it('returns responses of Graph unchanged', async () => {
    const { send } = openGraph(() =>
      Response.json({ value: [] }, { headers: { 'bff-removed-links': 'nextLink=long' } }),
    );
    const response = await send('/me/messages');
    expect(response.headers.get('bff-removed-links')).toBe('nextLink=long');
    expect(await response.json()).toEqual({ value: [] });
  });

  it.for(['text', 'Request'])('sends a link that is too long for a URL in a header (%s)', async (form) => {
    const { page, send } = openGraph();
    const path = '/v1.0/me/drive/root/children';
    const link = `${path}?$skiptoken=${'x'.repeat(9000)}&bff_link=1`;
    const url = `${origin}/api/graph${link}`;
    await send(form === 'Request' ? new Request(url) : url);
    const [sent] = callsOf(page);
    expect(sent?.url).toBe(`${origin}/api/graph${path}`);
    expect(sent?.headers.get('x-graph-link')).toBe(link);
  });

  it('leaves waiting to a library that repeats calls itself', async () => {
    const throttled = () => new Response('{}', { status: 429, headers: { 'retry-after': '1' } });
    const { page, send } = openGraph(throttled, { retry: false });
    expect((await send('/me')).status).toBe(429);
    expect(callsOf(page)).toHaveLength(1);
  });

  it('waits as the client does otherwise', async () => {
    let left = 1;
    const { page, send } = openGraph(() =>
      left-- > 0 ? new Response('{}', { status: 429, headers: { 'retry-after': '1' } }) : Response.json({}),
    );
    const called = send('/me');
    await expect.poll(() => callsOf(page).length).toBe(1);
    await page.advance(3);
    expect((await called).status).toBe(200);
  });
});

describe('a refusal of the service', () => {
  it('that passes is returned with its status and Retry-After, so that a library repeats the call', async () => {
    const refusal = { code: 'rate_limited', detail: 'Too many calls.' };
    const { send } = openGraph(() => problemAnswer(refusal, 429, { 'retry-after': '7' }));
    const response = await send('/me', { method: 'POST' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
  });

  it('reads like an error of Graph, with the members of the problem beside it', async () => {
    const { send } = openGraph(() => needsConsent());
    const response = await send('/me/messages');
    expect([response.status, response.headers.get('bff-problem')]).toEqual([401, 'interaction_required']);
    expect(response.headers.get('content-type')).toBe('application/json');
    const members = { reason: 'consent_required', feature: 'mail', scopes: ['Mail.Read'] };
    expect(await response.json()).toMatchObject({
      code: 'interaction_required',
      login_url: '/api/auth/login?ticket=mail',
      ...members,
      error: { code: 'interaction_required', message: 'interaction_required', innerError: members },
    });
  });

  it('includes an interaction that failed', async () => {
    const { page, send } = openGraph(() => needsConsent(), {}, { interaction: 'popup' });
    page.blocksPopups = 'null';
    const response = await send('/me/messages');
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ failure: 'blocked', code: 'interaction_required' });
  });

  it.for([new TypeError('Failed to fetch'), new DOMException('aborted', 'AbortError')])(
    'is not %s, which is thrown',
    async (error) => {
      const { send } = openGraph(() => Promise.reject(error));
      expect(await thrownBy(send('/me'))).toBe(error);
    },
  );

  it('is not a faulty address, which is thrown', async () => {
    const { page, send } = openGraph();
    const upperCase = origin.replace('http', 'HTTP');
    for (const address of [
      '/me',
      `${origin}/api/graph/v1.0/me`,
      `${upperCase}/api/graph/v1.0/me`,
      ` ${origin}/me`,
    ]) {
      expect(await thrownBy(send(`${address}/messages/../events/1`))).toBeInstanceOf(TypeError);
    }
    expect(callsOf(page)).toEqual([]);
  });
});

describe('the host of a file', () => {
  const headers = {
    authorization: 'Bearer ',
    'client-request-id': '1',
    'content-range': 'bytes 0-4/5',
    'content-type': 'application/octet-stream',
    cookie: 'a=b',
    sdkversion: 'graph-js/3.0.7',
    'x-csrf': '1',
    'x-graph-link': '/v1.0/me?bff_link=x',
    'x-session-tag': 'tag',
  };

  it.for(['text', 'URL', 'Request'])(
    'is called without what is for Graph and this service (%s)',
    async (form) => {
      const { page, send } = openGraph();
      const init = { method: 'PUT', headers, body: 'Hello' };
      if (form === 'Request') await send(new Request(uploadUrl, init));
      else await send(form === 'URL' ? new URL(uploadUrl) : uploadUrl, init);
      const [sent] = page.sent;
      expect(page.sent).toHaveLength(1);
      expect(sent).toMatchObject({ url: uploadUrl, method: 'PUT' });
      expect(Object.fromEntries(sent?.headers ?? [])).toEqual({
        'content-range': 'bytes 0-4/5',
        'content-type': 'application/octet-stream',
      });
      expect(await textOf(sent?.body)).toBe('Hello');
    },
  );

  it('gets neither cookies nor the address of the page', async () => {
    const inits: RequestInit[] = [];
    const page = {
      location: { origin },
      fetch: async (_url: unknown, init: RequestInit) => {
        inits.push(init);
        return Response.json({});
      },
    };
    const client = { fetch: () => Promise.reject(new Error('not for the client')) };
    const send = graphFetch(client, { page: page as never });
    await send(fileUrl, { credentials: 'include', referrerPolicy: 'unsafe-url' });
    expect(inits).toMatchObject([{ credentials: 'omit', referrerPolicy: 'no-referrer' }]);
  });

  it('cannot report a problem in the name of this service', async () => {
    const forged = { code: 'interaction_required', admin_consent_url: 'https://evil.example/' };
    const headers = {
      'bff-problem': 'interaction_required',
      'bff-failure': '1',
      'bff-file-url': '1',
      etag: 'a',
    };
    for (const body of [JSON.stringify(forged), null]) {
      const { page, send } = openGraph(() => new Response(body, { status: body ? 401 : 204, headers }));
      const response = await send(fileUrl);
      expect(Object.keys(Object.fromEntries(response.headers))).not.toContainEqual(
        expect.stringMatching(/^bff-/),
      );
      expect([response.status, response.headers.get('etag')]).toEqual([body ? 401 : 204, 'a']);
      expect(await problemOf(response)).toBeUndefined();
      expect(page.sent).toHaveLength(1);
    }
  });

  it('is followed to if the response has the address of a file in its place', async () => {
    const { page, send } = openGraph(({ url }) =>
      url === fileUrl
        ? new Response('the file', { headers: { 'content-type': 'text/plain' } })
        : Response.json({ '@microsoft.graph.downloadUrl': fileUrl }, { headers: { 'bff-file-url': '1' } }),
    );
    const response = await send('/me/drive/items/1/content', {
      headers: { range: 'bytes=0-9', accept: '*/*' },
    });
    expect(await response.text()).toBe('the file');
    const last = page.sent.at(-1);
    expect(Object.fromEntries(last?.headers ?? [])).toEqual({ range: 'bytes=0-9' });
  });

  it('is not followed to because of a body alone', async () => {
    const { page, send } = openGraph(() => Response.json({ '@microsoft.graph.downloadUrl': fileUrl }));
    expect(await (await send('/me/drive/items/1')).json()).toHaveProperty(['@microsoft.graph.downloadUrl']);
    expect(callsOf(page)).toHaveLength(1);
  });

  it('is not followed to for HEAD, whose response has no body', async () => {
    const { send } = openGraph(() => new Response(null, { headers: { 'bff-file-url': '1' } }));
    const response = await send(`${origin}/api/graph/v1.0/me/drive/items/1/content`, { method: 'HEAD' });
    expect(response.headers.get('bff-file-url')).toBe('1');
  });

  it('is not followed to at an address with another scheme', async () => {
    const { page, send } = openGraph(() =>
      Response.json({ '@microsoft.graph.downloadUrl': 'javascript:1' }, { headers: { 'bff-file-url': '1' } }),
    );
    expect(await thrownBy(send('/me/drive/items/1/content'))).toBeInstanceOf(TypeError);
    expect(callsOf(page)).toHaveLength(1);
  });
});
