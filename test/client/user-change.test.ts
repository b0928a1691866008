import { describe, expect, it, vi } from 'vitest';
import type { ClientOptions, SessionEvent } from '../../client/client.ts';
import {
  callsOf,
  FakeStorage,
  FakeTabs,
  flush,
  logoutUrl,
  needsConsent,
  needsSession,
  openPage,
  origin,
  problemAnswer,
  signedIn,
  signedOut,
  thrownBy,
} from './fake-page.ts';

const alice = signedIn({ session_tag: 'tag-of-alice' });
const aliceAgain = signedIn({ session_tag: 'new-tag-of-alice', signed_in_at: '2026-11-22T16:00:01.000Z' });
const ben = signedIn({
  session_tag: 'tag-of-ben',
  name: 'Ben Brown',
  username: 'ben@contoso.example',
  signed_in_at: '2026-11-22T16:00:01.000Z',
});

/** A browser with one cookie. The service compares every session tag with the current session. */
function openBrowser(session: object, client: ClientOptions = {}, tabs = new FakeTabs()) {
  const state = { session, done: [] as string[], needsConsent: false };
  /** Holds back the responses to slow calls, which the service has already executed. */
  const held = Promise.withResolvers<void>();
  const opened = openPage({
    tabs,
    client,
    answer: async (sent) => {
      const { path, method, headers } = sent;
      if (path.endsWith('/auth/session')) return Response.json(state.session);
      const tag: unknown = Reflect.get(state.session, 'session_tag');
      if (tag === undefined) return needsSession();
      if ((headers.get('x-session-tag') ?? tag) !== tag)
        return problemAnswer({ code: 'session_changed' }, 409);
      if (path.endsWith('/auth/logout')) {
        state.session = signedOut;
        return Response.json({ logout_url: logoutUrl });
      }
      const of = String(Reflect.get(state.session, 'name'));
      if (state.needsConsent) return needsConsent();
      state.done.push(`${method} as ${of}`);
      if (path.includes('slow')) await held.promise;
      return Response.json({ of });
    },
  });
  const events: SessionEvent[] = [];
  opened.client.onSessionChange((event) => events.push(event));
  return { ...opened, state, events, answerSlowCalls: held.resolve };
}

const tags = (page: Parameters<typeof callsOf>[0]) =>
  callsOf(page).map(({ headers }) => headers.get('x-session-tag'));
const news = (events: readonly SessionEvent[]) =>
  events.map((event) => (event.userChanged ? `${event.type}, another user` : event.type));
const userChanged = { name: 'InteractionFailed', kind: 'user_changed' };
const post = { method: 'POST', body: 'text' };

describe('the session tag', () => {
  it('is sent with every call except the session request', async () => {
    const { client, page } = openBrowser(alice);
    await client.session();
    await client.graph('/me');
    await client.fetch('/api/report', post);
    await client.signOut();
    expect(tags(page)).toEqual(['tag-of-alice', 'tag-of-alice', 'tag-of-alice']);
    expect(
      page.sent
        .filter(({ path }) => path.endsWith('/session'))
        .map(({ headers }) => headers.get('x-session-tag')),
    ).toEqual([null]);
  });

  it('is requested before the first call, once for concurrent calls', async () => {
    const { client, page } = openBrowser(alice);
    await Promise.all([client.graph('/me'), client.graph('/me/messages', post), client.session()]);
    expect(tags(page)).toEqual(['tag-of-alice', 'tag-of-alice']);
    expect(page.sent.filter(({ path }) => path.endsWith('/session'))).toHaveLength(2);
    expect(page.sent[0]?.path).toBe('/api/auth/session');
  });

  it('cannot be replaced by a header of the caller', async () => {
    const { client, page } = openBrowser(alice);
    await client.graph('/me', { headers: { 'X-Session-Tag': 'tag-of-ben' } });
    expect(tags(page)).toEqual(['tag-of-alice']);
  });

  it('is none without a known user, and a new user is requested before the call is repeated', async () => {
    const { client, page, state } = openBrowser(signedOut);
    await client.session();
    state.session = ben;
    expect(await (await client.graph('/me', post)).json()).toEqual({ of: 'Ben Brown' });
    expect(tags(page)).toEqual(['none', 'tag-of-ben']);
    state.session = alice;
    expect(await thrownBy(client.graph('/me'))).toMatchObject(userChanged);
    expect(state.done).toEqual(['POST as Ben Brown']);
  });

  it('is part of an address that src() returns', async () => {
    const { client } = openBrowser(alice, { basePath: '/api' });
    expect(client.src('/api/report')).toBe(`${origin}/api/report?session_tag=none`);
    await client.session();
    expect(client.src('/api/report')).toBe(`${origin}/api/report?session_tag=tag-of-alice`);
    expect(client.src("/api/report?of=it's é")).toBe(
      `${origin}/api/report?of=it%27s%20%C3%A9&session_tag=tag-of-alice`,
    );
    expect(() => client.src('https://evil.example/api/report')).toThrow(TypeError);
  });
});

describe('a new session of the same user', () => {
  it.for([
    ['a read', {}],
    ['a write', post],
    ['a write that may be repeated', { ...post, repeat: true }],
  ] as const)('keeps the page: %s is executed once in the new session', async ([, init]) => {
    const { client, page, state, events } = openBrowser(alice);
    await client.session();
    state.session = aliceAgain;
    expect((await client.graph('/me', init)).ok).toBe(true);
    expect((await client.graph('/me', init)).ok).toBe(true);
    expect(state.done).toHaveLength(2);
    expect(tags(page)).toEqual(['tag-of-alice', 'new-tag-of-alice', 'new-tag-of-alice']);
    await flush();
    expect(news(events)).toEqual(['signed_in', 'changed']);
  });

  it('keeps waiting calls and calls in progress', async () => {
    const { client, page, state, events, answerSlowCalls } = openBrowser(alice, { sessionRequired: 'ask' });
    await client.session();
    const slow = client.graph('/me/slow');
    await flush();
    state.session = signedOut;
    const draft = client.graph('/me/messages', { ...post, repeat: true });
    await flush();
    expect(news(events)).toEqual(['signed_in', 'signed_out']);
    // The page's own popup creates a new session.
    state.session = aliceAgain;
    page.tabs.say({ type: 'entra-bff:interaction', id: page.popups[0]?.id, outcome: 'signed_in' });
    expect((await draft).ok).toBe(true);
    answerSlowCalls();
    expect((await slow).ok).toBe(true);
    await flush();
    expect(news(events)).toEqual(['signed_in', 'signed_out', 'signed_in']);
    expect(state.done).toEqual(['GET as Alice Adams', 'POST as Alice Adams']);
  });

  it('is the one that a sign-out ends', async () => {
    const { client, page, state } = openBrowser(alice);
    await client.session();
    state.session = aliceAgain;
    await client.signOut();
    expect(tags(page)).toEqual(['tag-of-alice', 'new-tag-of-alice']);
    expect(page.visited).toEqual([logoutUrl]);
  });

  it('does not get a stream a second time', async () => {
    const { client, page, state } = openBrowser(alice);
    await client.session();
    state.session = aliceAgain;
    const body = new ReadableStream();
    expect(await thrownBy(client.graph('/me', { method: 'PUT', body }))).toMatchObject({
      kind: 'not_repeated',
      problem: { code: 'session_changed' },
    });
    expect(callsOf(page)).toHaveLength(1);
  });

  it('cannot be recognized without a username, so the user counts as another', async () => {
    const { client, state } = openBrowser({ ...alice, username: '' });
    await client.session();
    state.session = { ...alice, username: '', session_tag: 'tag-of-whom' };
    expect(await thrownBy(client.graph('/me'))).toMatchObject(userChanged);
    expect(state.done).toEqual([]);
  });
});

describe('another user who signed in in another tab', () => {
  it.for([
    ['a read', {}],
    ['a write', post],
    ['a write that may be repeated', { ...post, repeat: true }],
  ] as const)('gets no call of this page, even without a message: %s', async ([, init]) => {
    const { client, state, events } = openBrowser(alice);
    await client.session();
    state.session = ben;
    expect(await thrownBy(client.graph('/me', init))).toMatchObject(userChanged);
    // Every further call fails until the page requests the session.
    expect(await thrownBy(client.graph('/me', init))).toMatchObject(userChanged);
    expect(await thrownBy(client.fetch('/api/report', init))).toMatchObject(userChanged);
    expect(await thrownBy(client.signOut())).toMatchObject(userChanged);
    expect(() => client.src('/api/report')).toThrow('user_changed');
    expect(state.done).toEqual([]);
    expect(state.session).toBe(ben);
    expect(news(events)).toEqual(['signed_in', 'changed, another user']);
    expect(events[1]).toMatchObject({ session: { name: 'Ben Brown' } });
    expect(await client.session()).toMatchObject({ name: 'Ben Brown' });
    expect(await (await client.graph('/me', init)).json()).toEqual({ of: 'Ben Brown' });
  });

  it('is not signed out by this page', async () => {
    const { client, page, state } = openBrowser(alice);
    await client.session();
    state.session = ben;
    expect(await thrownBy(client.signOut())).toMatchObject(userChanged);
    expect(state.session).toBe(ben);
    expect(page.visited).toEqual([]);
  });

  it('aborts calls in progress, even while a body arrives', async () => {
    const { client, page, state, events, answerSlowCalls } = openBrowser(alice);
    await client.session();
    const slow = thrownBy(client.graph('/me/slow'));
    const written = thrownBy(client.graph('/me/slow', post));
    await flush();
    const { signal } = callsOf(page)[0] ?? {};
    expect(signal?.aborted).toBe(false);
    state.session = ben;
    page.tabs.say({ type: 'entra-bff:session', change: 'signed_in' });
    await flush();
    expect(news(events)).toEqual(['signed_in', 'changed, another user']);
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject(userChanged);
    await client.session();
    answerSlowCalls();
    expect(await slow).toMatchObject(userChanged);
    expect(await written).toMatchObject(userChanged);
  });

  it('aborts calls that have a signal of their caller', async () => {
    const { client, page, state } = openBrowser(alice);
    await client.session();
    const own = new AbortController();
    void client.graph('/me/slow', { signal: own.signal }).catch(() => {});
    await flush();
    state.session = ben;
    await client.session();
    expect(callsOf(page)[0]?.signal?.reason).toMatchObject(userChanged);
    expect(own.signal.aborted).toBe(false);
  });

  it.each(['own', 'page'] as const)(
    'aborts them also in a browser without AbortSignal.any, when the %s signal aborts',
    async (which) => {
      const { client, page, state } = openBrowser(alice);
      vi.stubGlobal('AbortSignal', { any: undefined });
      try {
        await client.session();
        const own = new AbortController();
        void client.graph('/me/slow', { signal: own.signal }).catch(() => {});
        await flush();
        const { signal } = callsOf(page)[0] ?? {};
        expect(signal?.aborted).toBe(false);
        const reason = new Error('not wanted any more');
        if (which === 'own') own.abort(reason);
        state.session = ben;
        await client.session();
        expect(signal?.aborted).toBe(true);
        expect(signal?.reason).toMatchObject(which === 'own' ? reason : userChanged);
      } finally {
        vi.unstubAllGlobals();
      }
    },
  );

  it('ends calls that wait for a popup, and closes it', async () => {
    const { client, page, state } = openBrowser(alice);
    await client.session();
    state.needsConsent = true;
    const waiting = thrownBy(client.graph('/me/messages'));
    await flush();
    const behind = thrownBy(client.signIn({ feature: 'calendar' }));
    expect(page.popups).toHaveLength(1);
    state.session = ben;
    page.tabs.say({ type: 'entra-bff:session', change: 'signed_in' });
    expect(await waiting).toMatchObject(userChanged);
    expect(await behind).toMatchObject(userChanged);
    expect(page.popups[0]?.closed).toBe(true);
    expect(client.interaction).toBeUndefined();
    expect(state.done).toEqual([]);
  });

  it('gets no waiting call after signing in in the popup of this page', async () => {
    const { client, page, state, events } = openBrowser(alice, { sessionRequired: 'ask' });
    await client.session();
    state.session = signedOut;
    const draft = thrownBy(client.graph('/me/messages', { ...post, repeat: true }));
    await flush();
    state.session = ben;
    page.tabs.say({ type: 'entra-bff:interaction', id: page.popups[0]?.id, outcome: 'signed_in' });
    expect(await draft).toMatchObject(userChanged);
    expect(state.done).toEqual([]);
    expect(news(events)).toEqual(['signed_in', 'signed_out', 'signed_in, another user']);
  });

  it('gets no call after the previous session has ended', async () => {
    const { client, state } = openBrowser(alice);
    await client.session();
    state.session = signedOut;
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ code: 'session_required' });
    state.session = ben;
    expect(await thrownBy(client.graph('/me'))).toMatchObject(userChanged);
    expect(state.done).toEqual([]);
  });

  it('is reported after a redirect, and nothing is resumed', async () => {
    const storage = new FakeStorage();
    const left = openPage({ storage, answer: () => Response.json(alice) });
    await left.client.session();
    await left.client.signIn({ feature: 'mail', display: 'redirect' });
    const path = '/inbox?view=new';
    const backAs = async (session: object) => {
      const { client } = openPage({
        storage: new FakeStorage(new Map(storage.entries)),
        path,
        answer: () => Response.json(session),
      });
      const events: SessionEvent[] = [];
      client.onSessionChange((event) => events.push(event));
      await client.session();
      await flush();
      return { resumed: client.resumed, news: news(events) };
    };
    expect(await backAs(aliceAgain)).toEqual({
      resumed: { feature: 'mail', reason: undefined },
      news: ['signed_in'],
    });
    expect(await backAs(ben)).toEqual({ resumed: undefined, news: ['signed_in, another user'] });
  });
});

describe('a server that repeatedly responds with session_changed', () => {
  it('gets the call twice, then the call fails', async () => {
    const { client, page } = openBrowser(alice);
    await client.session();
    const { answer } = page;
    page.answer = (sent) =>
      sent.path.endsWith('/session') ? answer(sent) : problemAnswer({ code: 'session_changed' }, 409);
    expect(await thrownBy(client.graph('/me'))).toMatchObject({
      name: 'BffProblem',
      code: 'session_changed',
    });
    expect(callsOf(page)).toHaveLength(2);
    expect(page.popups).toEqual([]);
  });

  it('makes the call fail if the session cannot be read', async () => {
    const { client, page } = openBrowser(alice);
    await client.session();
    page.answer = (sent) => {
      if (sent.path.endsWith('/session')) throw new TypeError('offline');
      return problemAnswer({ code: 'session_changed' }, 409);
    };
    expect(await thrownBy(client.graph('/me', post))).toMatchObject({ code: 'session_changed' });
  });
});
