import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientOptions } from '../../client/client.ts';
import {
  callsOf,
  type FakePage,
  flush,
  logoutUrl,
  needsConsent,
  openPage,
  problemAnswer,
  type Sent,
  signedIn,
  thrownBy,
} from './fake-page.ts';

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  return () => vi.restoreAllMocks();
});

/** A page whose calls are answered only when the test says so. */
async function openHeldPage(client: ClientOptions = {}) {
  const held: { readonly sent: Sent; readonly answer: (response: Response) => void; fail(): void }[] = [];
  const opened = openPage({
    client,
    answer: (sent) =>
      sent.path.endsWith('/auth/session')
        ? Response.json(signedIn())
        : new Promise((answer, reject) => {
            held.push({ sent, answer, fail: () => reject(new TypeError('network')) });
          }),
  });
  await opened.client.session();
  return { ...opened, held };
}

const pathsOf = (page: FakePage) => callsOf(page).map(({ path }) => path.replace('/api/graph/v1.0/', ''));
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => String(from + at));

describe('calls in progress', () => {
  it('are 16 at a time, and the others follow in their order', async () => {
    const { client, page, held } = await openHeldPage();
    const calls = numbers(1, 40).map((name) => client.graph(`/${name}`));
    await flush();
    expect(pathsOf(page)).toEqual(numbers(1, 16));
    held[3]?.answer(Response.json({}));
    await flush();
    expect(pathsOf(page)).toEqual(numbers(1, 17));
    for (let at = 0; at < 40; at++) {
      held[at]?.answer(Response.json({}));
      await flush();
    }
    expect(pathsOf(page)).toEqual(numbers(1, 40));
    expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
  });

  it('are of every kind, and requests for the session do not wait for them', async () => {
    const { client, page } = await openHeldPage({ maxCalls: 2 });
    void client.graph('/1', { method: 'POST', body: 'x' });
    void client.fetch('/api/graph/v1.0/2', { method: 'HEAD' });
    void client.fetch('/api/graph/v1.0/3');
    await flush();
    expect(pathsOf(page)).toEqual(['1', '2']);
    expect(await client.session()).toMatchObject({ signed_in: true });
  });

  it('can be as many as the page makes', async () => {
    const { client, page } = await openHeldPage({ maxCalls: Number.POSITIVE_INFINITY });
    for (const name of numbers(1, 100)) void client.graph(`/${name}`);
    await flush();
    expect(callsOf(page)).toHaveLength(100);
  });

  it('leave the queue when they are aborted, before and after they are sent', async () => {
    const { client, page } = await openHeldPage({ maxCalls: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const calls = [
      thrownBy(client.graph('/1', { signal: first.signal })),
      thrownBy(client.graph('/2', { signal: second.signal })),
      thrownBy(client.graph('/3')),
    ];
    await flush();
    second.abort();
    expect(await calls[1]).toMatchObject({ name: 'AbortError' });
    expect(pathsOf(page)).toEqual(['1']);
    page.answer = () => Response.json({});
    first.abort();
    await flush();
    // The fake page does not end an aborted request by itself.
    expect(callsOf(page)[0]?.signal?.aborted).toBe(true);
  });

  it('make room when they fail', async () => {
    const { client, page, held } = await openHeldPage({ maxCalls: 1 });
    const failed = thrownBy(client.graph('/1'));
    void client.graph('/2');
    await flush();
    held[0]?.fail();
    expect(await failed).toBeInstanceOf(TypeError);
    await flush();
    expect(pathsOf(page)).toEqual(['1', '2']);
  });

  it('do not count while they wait for the user', async () => {
    const { client, page, held } = await openHeldPage({ maxCalls: 1 });
    void client.graph('/1');
    void client.graph('/2');
    await flush();
    held[0]?.answer(needsConsent());
    await vi.waitUntil(() => page.popups.length === 1);
    await flush();
    expect(pathsOf(page)).toEqual(['1', '2']);
  });

  it('are not sent any more after the user has signed out', async () => {
    const { client, page } = await openHeldPage({ maxCalls: 1 });
    const calls = ['/1', '/2', '/3'].map((path) => thrownBy(client.graph(path)));
    await flush();
    page.answer = () => Response.json({ logout_url: logoutUrl });
    await client.signOut();
    expect(await Promise.all(calls.slice(1))).toEqual(
      Array(2).fill(expect.objectContaining({ kind: 'signed_out_meanwhile' })),
    );
    expect(pathsOf(page)).toEqual(['1', '/api/auth/logout']);
  });
});

const limited = (retryAfter?: string) =>
  problemAnswer({ code: 'rate_limited' }, 429, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
const heldBack = (retryAfter: string) =>
  problemAnswer({ code: 'upstream_unavailable' }, 503, { 'retry-after': retryAfter });
const throttled = (status: number, retryAfter?: string) =>
  Response.json({}, { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } });

/** A page whose calls get these answers, one after the other, and then 200. */
async function openThrottledPage(answers: readonly Response[], client: ClientOptions = {}) {
  const left = [...answers];
  const opened = openPage({
    client,
    answer: ({ path }) =>
      path.endsWith('/auth/session') ? Response.json(signedIn()) : (left.shift() ?? Response.json({})),
  });
  await opened.client.session();
  return opened;
}

describe('a throttled read', () => {
  it.for(['GET', 'HEAD'])(
    'waits for Retry-After and a random part, and is sent again: %s',
    async (method) => {
      const { client, page } = await openThrottledPage([limited('1')]);
      const call = client.graph('/me', { method });
      await flush();
      await page.advance(1.49);
      expect(callsOf(page)).toHaveLength(1);
      await page.advance(0.01);
      expect((await call).status).toBe(200);
      expect(callsOf(page)).toHaveLength(2);
    },
  );

  it.for([limited, heldBack, () => throttled(429, '0'), () => throttled(503, '0')])(
    'is sent again twice at most (%#)',
    async (answer) => {
      const { client, page } = await openThrottledPage([answer('0'), answer('0'), answer('0')]);
      const outcome = client.graph('/me').then(
        ({ status }) => status,
        ({ status }) => status,
      );
      await flush();
      await page.advance(0.5);
      await flush();
      await page.advance(0.5);
      expect([429, 503]).toContain(await outcome);
      expect(callsOf(page)).toHaveLength(3);
    },
  );

  it('waits for at most five seconds of Retry-After', async () => {
    const { client, page } = await openThrottledPage([throttled(503, '5'), throttled(503, '6')]);
    const call = client.graph('/me');
    await flush();
    await page.advance(5.5);
    expect((await call).headers.get('retry-after')).toBe('6');
    expect(callsOf(page)).toHaveLength(2);
  });

  it('keeps its place, so that other calls do not meet the same limit', async () => {
    const { client, page } = await openThrottledPage([limited('1')], { maxCalls: 1 });
    const calls = [client.graph('/1'), client.graph('/2')];
    await flush();
    expect(pathsOf(page)).toEqual(['1']);
    await page.advance(1.5);
    await Promise.all(calls);
    expect(pathsOf(page)).toEqual(['1', '1', '2']);
  });

  it('ends its pause when it is aborted, and makes room', async () => {
    const { client, page } = await openThrottledPage([limited('5')], { maxCalls: 1 });
    const controller = new AbortController();
    const call = thrownBy(client.graph('/1', { signal: controller.signal }));
    const next = client.graph('/2');
    await flush();
    controller.abort();
    expect(await call).toMatchObject({ name: 'AbortError' });
    expect((await next).ok).toBe(true);
    await page.advance(10);
    expect(pathsOf(page)).toEqual(['1', '2']);
  });

  it.for([
    ['a write', 429, { method: 'POST' }, {}],
    ['with retry: false', 429, {}, { retry: false }],
  ] as const)('is returned at once: %s', async ([, status, init, client]) => {
    const opened = await openThrottledPage([throttled(status, '1')], client);
    expect((await opened.client.graph('/me', init)).status).toBe(status);
    expect(callsOf(opened.page)).toHaveLength(1);
  });

  it.for([
    throttled(429),
    throttled(429, '6'),
    throttled(429, 'Fri, 31 Dec 1999 23:59:59 GMT'),
    throttled(500, '1'),
    throttled(200, '1'),
  ])('is returned at once without a short pause (%#)', async (answer) => {
    const { client, page } = await openThrottledPage([answer]);
    expect((await client.graph('/me')).status).toBe(answer.status);
    expect(callsOf(page)).toHaveLength(1);
  });

  it.for([
    problemAnswer({ code: 'storage_unavailable' }, 503, { 'retry-after': '1' }),
    limited(),
    limited('10'),
  ])('throws the problem at once without a short pause (%#)', async (answer) => {
    const { client, page } = await openThrottledPage([answer]);
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ name: 'BffProblem' });
    expect(callsOf(page)).toHaveLength(1);
  });
});
