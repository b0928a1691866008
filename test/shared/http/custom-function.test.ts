import { HttpRequest, InvocationContext } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { cookieNames } from '../../../src/shared/http/cookies.ts';
import { forCustomFunction } from '../../../src/shared/http/custom-function.ts';
import type { CallContext, Handler } from '../../../src/shared/http/endpoint.ts';
import { type BffRequest, toBffRequest } from '../../../src/shared/http/request.ts';
import type { BffResponse } from '../../../src/shared/http/response.ts';

const names = cookieNames('https://app.contoso.example');

/** Calls a custom function for a request with this Cookie header. */
async function call(handle: Handler<undefined>, cookie?: string): Promise<BffResponse> {
  const httpRequest = new HttpRequest({
    method: 'GET',
    url: 'https://app.contoso.example/api/mine',
    headers: cookie === undefined ? {} : { cookie },
  });
  const invocation = new InvocationContext({ invocationId: 'i1', functionName: 'mine', options: {} });
  const request = toBffRequest(httpRequest, invocation, { startedMs: 0, allowsLongCookieHeader: false });
  const { signal } = new AbortController();
  return forCustomFunction(handle, names)(request, { caller: undefined, log: () => undefined, signal });
}

/** Returns the arguments of an app's handler for a request with this Cookie header. */
async function given(cookie?: string): Promise<{ request: BffRequest; context: CallContext<undefined> }> {
  let result: { request: BffRequest; context: CallContext<undefined> } | undefined;
  await call((request, context) => {
    result = { request, context };
    return { status: 204 };
  }, cookie);
  if (result === undefined) throw new Error('the handler was not called');
  return result;
}

describe('a handler of an app', () => {
  it('gets caller, log and signal, and nothing else', async () => {
    const { context } = await given();
    expect(Object.keys(context)).toEqual(['caller', 'log', 'signal']);
    expect(context.signal).toBeInstanceOf(AbortSignal);
  });

  it('cannot return the header of a problem, which another server may have sent it', {
    tags: ['PX-12'],
  }, async () => {
    const headers = {
      'Bff-Problem': 'interaction_required',
      etag: '"1"',
      'bff-answered-parts': '0',
      'bff-file-url': '1',
    };
    expect(await call(() => ({ status: 401, headers, body: '{}' }))).toEqual({
      status: 401,
      headers: { etag: '"1"' },
      body: '{}',
    });
  });

  it.each([
    ['no cookies', undefined, undefined],
    ['cookies of the app', 'theme=dark; my-session=1', 'theme=dark; my-session=1'],
    ['the session cookie between two others', 'a=1; __Host-session=S; b=2', 'a=1; b=2'],
    ['the session cookie first', '__Host-session=S; b=2', 'b=2'],
    ['the session cookie alone', '__Host-session=S', undefined],
    ['the session cookie twice', '__Host-session=S; a=1; __Host-session=T', 'a=1'],
    ['login transactions and a pending sign-out', '__Host-tx-0=X; a=1; __Host-logout-pending=Y', 'a=1'],
    ['two Cookie headers that the host joined', 'a=1; b=2,__Host-session=S; c=3', 'a=1; c=3'],
    ['two headers joined with a space', 'a=1; b=2, __Host-session=S', 'a=1'],
  ])('sees only cookies of the app, given %s', { tags: ['PX-16'] }, async (_case, sent, seen) => {
    const { request } = await given(sent);
    expect(request.header('cookie')).toBe(seen);
    expect(request.header('Cookie')).toBe(seen);
    expect(request.cookies.get('__Host-session')).toBeUndefined();
    expect(request.cookies.get('a')).toBe(seen?.includes('a=1') ? '1' : undefined);
  });
});

describe('the response of a custom function', () => {
  it.each([
    ['a status', { status: 204 }],
    ['text', { status: 200, headers: { 'x-team': 'blue' }, body: 'blue' }],
    ['bytes', { status: 200, body: Buffer.from('blue') }],
    ['a cookie', { status: 200, cookies: [{ name: 'team', value: 'blue', maxAgeSeconds: 60 }] }],
  ])('is passed on: %s', async (_case, response) => {
    expect(await call(() => response)).toBe(response);
  });

  // Functions in JavaScript are not checked by the compiler.
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'blue'],
    ['no status', { body: 'blue' }],
    ['a status that HTTP does not have', { status: 600 }],
    ['a status of an interim response', { status: 101 }],
    ['a status as text', { status: '200' }],
    ['a stream', { status: 200, body: new ReadableStream() }],
    ['a Response', new Response('blue')],
    ['an object as body', { status: 200, body: { team: 'blue' } }],
    ['other bytes than Uint8Array', { status: 200, body: new ArrayBuffer(100_000) }],
    ['a header with a line break', { status: 200, headers: { 'x-team': 'blue\r\nset-cookie: a=b' } }],
    ['a header that is not Latin-1', { status: 200, headers: { 'x-team': 'Ł' } }],
    ['a cookie without a name', { status: 200, cookies: [{ value: 'blue' }] }],
  ])('is refused before the host could send a bare 500: %s', { tags: ['ER-4'] }, async (_case, response) => {
    await expect(call(() => response as BffResponse)).rejects.toThrow(TypeError);
  });
});
