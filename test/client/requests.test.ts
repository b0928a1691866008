import { describe, expect, it, vi } from 'vitest';
import type { Client } from '../../client/client.ts';
import { callsOf, needsConsent, openPage, origin, signedIn, thrownBy } from './fake-page.ts';

const address = `${origin}/api/graph/v1.0/me/messages`;

const post = (body: BodyInit = 'hello', init: RequestInit = {}) =>
  new Request(address, {
    method: 'POST',
    body,
    headers: { 'content-type': 'text/plain', prefer: 'return=minimal', 'x-csrf': '0' },
    ...init,
  });

/** The body that a page sent, as its server reads it. */
const textOf = (body: unknown) => new Response(body as BodyInit).text();

describe('a Request', () => {
  it.for(['graph', 'fetch'] as const)('is taken as a whole by %s', async (method) => {
    const { client, page } = openPage();
    await client[method](post());
    const [sent] = callsOf(page);
    expect(sent).toMatchObject({ url: address, method: 'POST' });
    expect(Object.fromEntries(sent?.headers ?? [])).toMatchObject({
      'content-type': 'text/plain',
      prefer: 'return=minimal',
      'x-csrf': '1',
      'x-session-tag': 'none',
    });
    expect(await textOf(sent?.body)).toBe('hello');
  });

  it('passes on what the client does not read, such as cache and redirect', async () => {
    const { client, page } = openPage();
    await client.fetch(new Request(address, { cache: 'no-store', redirect: 'error' }));
    expect(callsOf(page)[0]?.request).toMatchObject({ cache: 'no-store', redirect: 'error' });
  });

  it('has its members replaced by init, as in fetch', async () => {
    const { client, page } = openPage();
    await client.fetch(post(), { method: 'PUT', headers: { 'if-match': 'W/"1"' }, body: 'other' });
    const [sent] = callsOf(page);
    expect(sent?.method).toBe('PUT');
    expect(sent?.headers.get('if-match')).toBe('W/"1"');
    expect(sent?.headers.get('prefer')).toBeNull();
    expect(sent?.headers.get('x-csrf')).toBe('1');
    expect(await textOf(sent?.body)).toBe('other');
    await client.fetch(new Request(address), { method: 'HEAD' });
    expect(callsOf(page)[1]).toMatchObject({ method: 'HEAD', body: null });
  });

  it('is aborted by its own signal, and by the one of init instead', async () => {
    const own = new AbortController();
    const given = new AbortController();
    const { client, page } = openPage();
    await client.fetch(new Request(address, { signal: own.signal }));
    await client.fetch(new Request(address, { signal: own.signal }), { signal: given.signal });
    own.abort();
    expect(callsOf(page).map(({ signal }) => signal?.aborted)).toEqual([true, false]);
    given.abort();
    expect(callsOf(page)[1]?.signal?.aborted).toBe(true);
  });

  it('with a body is sent again after an interaction if the call may be repeated', async () => {
    const answers = [needsConsent(), Response.json({})];
    const { client, page } = openPage({
      answer: ({ path }) =>
        path.endsWith('/auth/session') ? Response.json(signedIn()) : (answers.shift() ?? Response.error()),
    });
    await client.session();
    const stream = new Blob(['streamed']).stream();
    const called = client.graph(post(stream, { duplex: 'half' } as RequestInit), { repeat: true });
    const [popup] = await vi.waitUntil(() => (page.popups.length > 0 ? page.popups : undefined));
    const outcome = { type: 'entra-bff:interaction', id: popup?.id, outcome: 'signed_in' };
    page.fire('message', { origin, data: outcome });
    expect((await called).ok).toBe(true);
    const bodies = callsOf(page).map(({ body }) => textOf(body));
    expect(await Promise.all(bodies)).toEqual(['streamed', 'streamed']);
  });

  it('is used up by the call, as in fetch', async () => {
    const { client, page } = openPage();
    const request = post();
    await client.fetch(request.clone());
    await client.fetch(request);
    expect(await thrownBy(client.fetch(request))).toBeInstanceOf(TypeError);
    expect(callsOf(page)).toHaveLength(2);
  });
});

describe('refuses', () => {
  it.for([
    undefined,
    null,
    7,
    {},
    ['/api/graph/v1.0/me'],
    { url: address },
    { toString: () => address },
    Object.create(Request.prototype),
  ])('what is neither a string nor a URL nor a Request: %j', async (input) => {
    const { client, page } = openPage();
    const wrong = input as Parameters<Client['fetch']>[0];
    expect(await thrownBy(client.fetch(wrong))).toBeInstanceOf(TypeError);
    expect(await thrownBy(client.graph(wrong))).toBeInstanceOf(TypeError);
    expect(page.sent).toEqual([]);
  });

  it('a Request to another origin, or outside of Graph, without reading it', async () => {
    const { client, page } = openPage();
    const foreign = new Request('https://graph.microsoft.com/v1.0/me', { method: 'POST', body: 'x' });
    expect(await thrownBy(client.fetch(foreign))).toBeInstanceOf(TypeError);
    expect(await thrownBy(client.graph(foreign))).toBeInstanceOf(TypeError);
    expect(await thrownBy(client.graph(new Request(`${origin}/api/admin`)))).toBeInstanceOf(TypeError);
    expect([foreign.bodyUsed, page.sent]).toEqual([false, []]);
  });
});
