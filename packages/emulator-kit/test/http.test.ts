import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type EmulatorRequest,
  isFromForeignPage,
  jsonReply,
  listenLocally,
  type Reply,
  readRequest,
  redirectTo,
  sendReply,
  textReply,
} from '../src/index.ts';

async function serve(handle: (request: EmulatorRequest) => Reply, bodyLimitBytes?: number): Promise<string> {
  const server = createServer((incoming, response) => {
    readRequest(incoming, bodyLimitBytes).then(
      (request) => sendReply(response, handle(request)),
      () => response.destroy(),
    );
  });
  const { origin, close } = await listenLocally(server, 0);
  onTestFinished(close);
  return origin;
}

describe('readRequest', () => {
  it('returns target, query, form and headers as they arrived', async () => {
    const requests: EmulatorRequest[] = [];
    const origin = await serve((request) => {
      requests.push(request);
      return { status: 204 };
    });
    const body = new URLSearchParams({ action: 'save' });
    await fetch(`${origin}/a%20b?x=1&x=2`, { method: 'POST', body, headers: { 'X-Name': 'value' } });
    const [request] = requests;
    expect(request).toMatchObject({ method: 'POST', target: '/a%20b?x=1&x=2', path: '/a%20b' });
    expect(request?.query.getAll('x')).toEqual(['1', '2']);
    expect(request?.form.get('action')).toBe('save');
    expect(request?.rawHeaders).toContainEqual(['X-Name', 'value']);
  });

  it('refuses a body that is larger than the limit', async () => {
    const origin = await serve(() => ({ status: 204 }), 3);
    const send = (body: string) => fetch(origin, { method: 'POST', body });
    expect((await send('abc')).status).toBe(204);
    await expect(send('abcd')).rejects.toThrow();
  });
});

describe('sendReply', () => {
  it.each([
    [jsonReply(400, { error: 'x' }), 400, '{"error":"x"}', 'application/json; charset=utf-8'],
    [textReply(403, 'No.'), 403, 'No.', 'text/plain; charset=utf-8'],
    [{ status: 200, body: Buffer.from([65, 66]) }, 200, 'AB', null],
    [{ status: 404 }, 404, '', null],
  ] as const)('sends %j', async (reply, status, text, contentType) => {
    const response = await fetch(await serve(() => reply));
    expect([response.status, await response.text()]).toEqual([status, text]);
    expect(response.headers.get('content-type')).toBe(contentType);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('sends a redirect', async () => {
    const response = await fetch(await serve(() => redirectTo('/next', 303)), { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/next']);
  });

  it('sends a list of values as several header lines', async () => {
    const response = await fetch(
      await serve(() => ({ status: 200, headers: { 'set-cookie': ['a=1', 'b=2'] } })),
    );
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });
});

describe('isFromForeignPage', () => {
  it.each([
    ['http://127.0.0.1:1', false],
    [undefined, false],
    ['http://evil.example', true],
    ['null', true],
  ])('returns for the Origin %s: %s', async (origin, expected) => {
    const response = await fetch(
      await serve((request) => jsonReply(200, isFromForeignPage(request, 'http://127.0.0.1:1'))),
      { headers: origin === undefined ? {} : { origin } },
    );
    expect(await response.json()).toBe(expected);
  });
});
