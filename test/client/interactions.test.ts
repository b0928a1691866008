import { describe, expect, it } from 'vitest';
import { BffProblem, type ClientOptions, InteractionFailed } from '../../client/client.ts';
import type { SignInFailureOutcome } from '../../src/shared/auth/sign-in-result.ts';
import {
  type FakePage,
  FakeStorage,
  FakeTabs,
  flush,
  needsConsent,
  needsPerson,
  needsSession,
  openPage,
  origin,
  problemAnswer,
  signedIn,
  signedOut,
  thrownBy,
} from './fake-page.ts';

/** A server that asks for consent until it is given; the session stays what it is. */
function server(page: FakePage, session: () => unknown = () => signedIn()) {
  const state = { granted: new Set<string>() };
  page.answer = ({ path }) => {
    if (path.startsWith('/api/auth/session')) return Response.json(session());
    const feature = path.includes('/events') ? 'calendar' : 'mail';
    return state.granted.has(feature) ? Response.json({ path }) : needsConsent(feature);
  };
  return state;
}

const word = (id: string | undefined, outcome = 'signed_in') => ({
  type: 'entra-bff:interaction',
  id,
  outcome,
});

/** All that the service can say, by its own types: an outcome that is new there fails to compile here. */
const refusals: Record<SignInFailureOutcome, true> = {
  consent_declined: true,
  login_canceled: true,
  admin_consent_required: true,
  login_required: true,
  other_account: true,
  fewer_permissions: true,
  signed_out_meanwhile: true,
  sign_in_service_unavailable: true,
  sign_in_refused: true,
  took_too_long: true,
};

/** The first question who is signed in finds no answer. */
function withoutFirstSession(page: FakePage): void {
  const { answer } = page;
  page.answer = (sent) => {
    if (!sent.path.startsWith('/api/auth/session')) return answer(sent);
    page.answer = answer;
    throw new TypeError('offline');
  };
}

const callsTo = (page: FakePage, part: string) => page.sent.filter(({ path }) => path.includes(part)).length;

describe('a call that needs the person', () => {
  it('opens one window for many calls, and repeats each when the window says that it is done', async () => {
    const { client, page } = openPage();
    const state = server(page);
    const calls = [1, 2, 3].map((top) => client.graph(`/me/messages?$top=${top}`));
    await flush();
    expect(page.popups).toHaveLength(1);
    expect(page.popups[0]?.url.pathname).toBe('/api/auth/login');
    expect(page.popups[0]?.url.searchParams.get('ticket')).toBe('mail');
    expect(client.interaction).toMatchObject({
      display: 'popup',
      feature: 'mail',
      reason: 'consent_required',
      scopes: ['Mail.Read'],
      endsAt: new Date(page.nowMs + 600_000),
    });
    state.granted.add('mail');
    page.tabs.say(word(page.popups[0]?.id));
    expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
    expect(callsTo(page, '/me/messages')).toBe(6);
    expect(page.popups).toHaveLength(1);
    expect(page.popups[0]?.closed).toBe(true);
    expect(client.interaction).toBeUndefined();
  });

  it('does not ask again when its answer comes after what it needs was given', async () => {
    const { client, page } = openPage();
    const state = server(page);
    const late = Promise.withResolvers<Response>();
    const { answer } = page;
    page.answer = (sent) => (sent.path.endsWith('late') ? late.promise : answer(sent));
    const slow = client.graph('/me/messages?late');
    const fast = client.graph('/me/messages');
    await flush();
    state.granted.add('mail');
    page.tabs.say(word(page.popups[0]?.id));
    await fast;
    page.answer = answer;
    late.resolve(needsConsent());
    expect((await slow).ok).toBe(true);
    expect(page.popups).toHaveLength(1);
  });

  it('waits behind another question, which is asked first', async () => {
    const { client, page } = openPage();
    const state = server(page);
    const mail = client.graph('/me/messages');
    await flush();
    const calendar = client.graph('/me/events');
    await flush();
    expect(page.popups).toHaveLength(1);
    state.granted.add('mail');
    page.tabs.say(word(page.popups[0]?.id));
    await mail;
    expect(page.popups).toHaveLength(2);
    state.granted.add('calendar');
    page.tabs.say(word(page.popups[1]?.id));
    expect((await calendar).ok).toBe(true);
  });

  describe('for one of several permissions of a feature', () => {
    /** Each path needs a permission of its own. */
    function serverOfMail(page: FakePage) {
      const granted = new Set<string>();
      page.answer = ({ path, method }) => {
        if (path.startsWith('/api/auth/session')) return Response.json(signedIn());
        const scopes = method === 'GET' ? ['Mail.Read'] : ['Mail.Send', 'Mail.Read'];
        // Not in the same order each time: a set of permissions has none.
        if (page.sent.length % 2 === 0) scopes.reverse();
        return scopes.every((scope) => granted.has(scope))
          ? Response.json({ path })
          : needsConsent('mail', scopes);
      };
      return granted;
    }
    const send = { method: 'POST', body: 'text', repeat: true };

    it('waits behind the question for another one, and is asked for next, once for many', async () => {
      const { client, page } = openPage();
      const granted = serverOfMail(page);
      await client.session();
      const reads = [1, 2].map(() => client.graph('/me/messages'));
      const sends = [1, 2].map(() => client.graph('/me/sendMail', send));
      await flush();
      expect(page.popups).toHaveLength(1);
      expect(client.interaction).toMatchObject({ scopes: ['Mail.Read'] });
      granted.add('Mail.Read');
      page.tabs.say(word(page.popups[0]?.id));
      expect((await Promise.all(reads)).every(({ ok }) => ok)).toBe(true);
      expect(page.popups).toHaveLength(2);
      expect([...(client.interaction?.scopes ?? [])].sort()).toEqual(['Mail.Read', 'Mail.Send']);
      granted.add('Mail.Send');
      page.tabs.say(word(page.popups[1]?.id));
      expect((await Promise.all(sends)).every(({ ok }) => ok)).toBe(true);
      expect(page.popups).toHaveLength(2);
    });

    it('is not asked for again when it was refused, and the other one is', async () => {
      const { client, page } = openPage();
      serverOfMail(page);
      const read = thrownBy(client.graph('/me/messages'));
      await flush();
      page.tabs.say(word(page.popups[0]?.id, 'consent_declined'));
      expect(await read).toMatchObject({ kind: 'consent_declined' });
      expect(await thrownBy(client.graph('/me/messages'))).toBeInstanceOf(BffProblem);
      expect(page.popups).toHaveLength(1);
      void thrownBy(client.graph('/me/sendMail', send));
      await flush();
      expect(page.popups).toHaveLength(2);
    });

    it('is given with a click for the whole feature, which a call waits for too', async () => {
      const { client, page } = openPage();
      const granted = serverOfMail(page);
      await client.session();
      const before = thrownBy(client.graph('/me/messages'));
      await flush();
      client.cancel();
      await before;
      const clicked = client.signIn({ feature: 'mail' });
      const calls = [client.graph('/me/messages'), client.graph('/me/sendMail', send)];
      await flush();
      granted.add('Mail.Read').add('Mail.Send');
      page.tabs.say(word(page.popups[1]?.id));
      expect(await clicked).toBe('signed_in');
      expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
      expect(page.popups).toHaveLength(2);
    });
  });

  describe('for what does not belong to one feature', () => {
    const asked = {
      '/me/messages': ['mail', ['Mail.Read']],
      '/me/mailFolders': ['mail', ['Mail.ReadBasic']],
      '/me/events': ['calendar', ['Calendars.Read']],
    } as const;
    const paths = ['/me/messages', '/me/mailFolders', '/me/events'] as const;

    /** Every call is refused for the same reason until it is met. */
    function openRefusing(reason: string) {
      const opened = openPage();
      const state = { reason: reason as string | undefined };
      opened.page.answer = ({ path }) => {
        const call = paths.find((part) => path.endsWith(part));
        if (call === undefined) return Response.json(signedIn());
        return state.reason === undefined
          ? Response.json({})
          : needsPerson(state.reason, asked[call][0], asked[call][1]);
      };
      return { ...opened, state };
    }

    it.for(['two_factor_required', 'sign_in_required', 'refresh_token_expired', 'refresh_token_revoked'])(
      'such as %s, is asked for once for all features and permissions',
      async (reason) => {
        const { client, page, state } = openRefusing(reason);
        const calls = paths.map((path) => client.graph(path));
        await flush();
        expect(client.interaction).toMatchObject({ reason, feature: 'mail' });
        state.reason = undefined;
        // No click any more: what would be asked for next would take the page away.
        page.blocksPopups = 'null';
        page.tabs.say(word(page.popups[0]?.id));
        expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
        expect(page.popups).toHaveLength(1);
        expect(page.visited).toEqual([]);
      },
    );

    it.for(['claims_challenge', 'continuous_access_evaluation'])(
      'unlike %s, which only the server can tell apart, and which is asked for one by one',
      async (reason) => {
        const { client, page } = openRefusing(reason);
        for (const path of paths) void thrownBy(client.graph(path));
        await flush();
        for (const number of [0, 1, 2]) {
          page.tabs.say(word(page.popups[number]?.id));
          await flush();
        }
        expect(page.popups.map(({ url }) => url.searchParams.get('ticket'))).toEqual([
          'mail',
          'mail',
          'calendar',
        ]);
      },
    );

    it('is given with a consent that is asked for first', async () => {
      const { client, page, state } = openRefusing('consent_required');
      const calls = [client.graph('/me/messages')];
      await flush();
      state.reason = 'two_factor_required';
      calls.push(client.graph('/me/events'));
      await flush();
      state.reason = undefined;
      page.tabs.say(word(page.popups[0]?.id));
      expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
      expect(page.popups).toHaveLength(1);
    });

    it('and was refused, is not asked for by a call of another feature; a new sign-in is', async () => {
      const { client, page, state } = openRefusing('two_factor_required');
      const refused = thrownBy(client.graph('/me/messages'));
      await flush();
      page.tabs.say(word(page.popups[0]?.id, 'login_canceled'));
      expect(await refused).toMatchObject({ kind: 'login_canceled' });
      expect(await thrownBy(client.graph('/me/events'))).toBeInstanceOf(BffProblem);
      expect(page.popups).toHaveLength(1);
      state.reason = 'refresh_token_expired';
      void thrownBy(client.graph('/me/messages'));
      await flush();
      expect(page.popups).toHaveLength(2);
    });
  });

  it('is let go by any sign-in when that is all it needs', async () => {
    const { client, page } = openPage({ client: { sessionRequired: 'ask' } });
    let isGiven = false;
    page.answer = ({ path }) => {
      if (path.includes('/session')) return Response.json(signedIn());
      if (isGiven) return Response.json({});
      return path.includes('events') ? needsSession() : needsConsent();
    };
    const calls = [client.graph('/me/messages')];
    await flush();
    calls.push(client.graph('/me/events'));
    await flush();
    isGiven = true;
    page.tabs.say(word(page.popups[0]?.id));
    await Promise.all(calls);
    expect(page.popups).toHaveLength(1);
  });

  it('is repeated once: what it still needs is thrown, and not asked for by later calls either', async () => {
    const { client, page } = openPage();
    server(page);
    const call = thrownBy(client.graph('/me/messages'));
    await flush();
    page.tabs.say(word(page.popups[0]?.id));
    expect(await call).toMatchObject({ name: 'BffProblem', code: 'interaction_required' });
    expect(callsTo(page, '/me/messages')).toBe(2);
    expect(await thrownBy(client.graph('/me/messages'))).toBeInstanceOf(BffProblem);
    expect(page.popups).toHaveLength(1);
  });

  it.for([
    [{ method: 'POST' }, false],
    [{ method: 'DELETE', repeat: false }, false],
    [{ method: 'POST', body: new ReadableStream(), repeat: true }, false],
    [{ method: 'POST', body: 'text', repeat: true }, true],
    [{ method: 'HEAD' }, true],
  ] as const)('with %j is sent again: %s', async ([init, isRepeated]) => {
    const { client, page } = openPage();
    const state = server(page);
    await client.session();
    const call = client.graph('/me/messages', init);
    const ended = thrownBy(call);
    await flush();
    state.granted.add('mail');
    page.tabs.say(word(page.popups[0]?.id));
    const error = await ended;
    expect(callsTo(page, '/me/messages')).toBe(isRepeated ? 2 : 1);
    if (isRepeated) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ name: 'InteractionFailed', kind: 'not_repeated' });
  });

  it.for([
    ['a read', {}, 'user_changed'],
    ['a write', { method: 'POST', body: 'text', repeat: true }, 'user_changed'],
  ] as const)('as %s is not repeated for somebody else who signed in meanwhile', async ([, init, kind]) => {
    const { client, page } = openPage();
    let username = 'alice@contoso.example';
    const state = server(page, () => signedIn({ username }));
    await client.session();
    const ended = thrownBy(client.graph('/me/messages', init));
    await flush();
    state.granted.add('mail');
    username = 'ben@contoso.example';
    page.tabs.say(word(page.popups[0]?.id));
    expect(await ended).toMatchObject({ name: 'InteractionFailed', kind });
    expect(callsTo(page, '/me/messages')).toBe(1);
  });

  it('as a write of nobody knows whom is not repeated', async () => {
    const { client, page } = openPage();
    const state = server(page);
    withoutFirstSession(page);
    const ended = thrownBy(client.graph('/me/messages', { method: 'POST', body: 'text', repeat: true }));
    await flush();
    state.granted.add('mail');
    page.tabs.say(word(page.popups[0]?.id));
    expect(await ended).toMatchObject({ name: 'InteractionFailed', kind: 'not_repeated' });
    expect(callsTo(page, '/me/messages')).toBe(1);
  });

  it('ends at once when its caller gives up, and others go on waiting', async () => {
    const { client, page } = openPage();
    const state = server(page);
    const abort = new AbortController();
    const left = thrownBy(client.graph('/me/messages', { signal: abort.signal }));
    const stays = client.graph('/me/messages');
    await flush();
    abort.abort();
    expect(await left).toMatchObject({ name: 'AbortError' });
    state.granted.add('mail');
    page.tabs.say(word(page.popups[0]?.id));
    expect((await stays).ok).toBe(true);
    expect(callsTo(page, '/me/messages')).toBe(3);
  });

  it.for(['consent_declined', 'admin_consent_required'])('is told %s and nobody is asked', async (code) => {
    const { client, page } = openPage({
      answer: () => problemAnswer({ code, login_url: '/api/auth/login?ticket=t', feature: 'mail' }, 403),
    });
    const error = await thrownBy(client.graph('/me/messages'));
    expect(error).toMatchObject({ name: 'BffProblem', code });
    expect(page.popups).toEqual([]);
    expect(page.visited).toEqual([]);
    if (error instanceof BffProblem) void client.interact(error);
    expect(page.popups[0]?.url.searchParams.get('ticket')).toBe('t');
  });

  it('gets its problem where the page asks by itself', async () => {
    const { client, page } = openPage({ client: { interaction: 'manual', sessionRequired: 'ask' } });
    server(page);
    expect(await thrownBy(client.graph('/me/messages'))).toMatchObject({ code: 'interaction_required' });
    expect(page.popups).toEqual([]);
  });
});

describe('a call whose session was replaced on the way, by a sign-in in another tab', () => {
  /** The first answer to a call is about the old session; the browser has the new one already. */
  function openReplaced(client: ClientOptions = {}, next: unknown = signedIn({ signed_in_at: later })) {
    const opened = openPage({ client });
    const { page } = opened;
    const state = { session: signedIn() as unknown, gone: 1 };
    page.answer = ({ path }) => {
      if (path.startsWith('/api/auth/session')) return Response.json(state.session);
      if (state.gone === 0) return Response.json({ path });
      state.gone--;
      state.session = next;
      return needsSession('session_ended');
    };
    return { ...opened, state };
  }
  const later = '2026-11-22T16:00:01.000Z';
  const write = { method: 'POST', body: 'text' };

  it.for([
    ['a read', {}],
    ['a write that may be sent again', { ...write, repeat: true }],
  ] as const)('is sent again as %s, and nobody hears of an end', async ([, init]) => {
    const { client, page } = openReplaced();
    const events: string[] = [];
    client.onSessionChange(({ type }) => events.push(type));
    await client.session();
    expect((await client.graph('/me', init)).ok).toBe(true);
    expect(callsTo(page, '/me')).toBe(2);
    await flush();
    expect(events).toEqual(['signed_in', 'changed']);
    expect(page.popups).toEqual([]);
  });

  it.for(['throw', 'ask', 'silent'] as const)(
    'is not sent again as any other write: its caller decides (%s)',
    async (sessionRequired) => {
      const { client, page } = openReplaced({ sessionRequired });
      await client.session();
      expect(await thrownBy(client.graph('/me', write))).toMatchObject({
        kind: 'not_repeated',
        problem: { code: 'session_required' },
      });
      expect(callsTo(page, '/me')).toBe(1);
      expect([...page.popups, ...page.visited]).toEqual([]);
    },
  );

  it.for([{}, { ...write, repeat: true }])(
    'is never sent again when it is somebody else’s session: %j',
    async (init) => {
      const { client, page } = openReplaced({}, signedIn({ username: 'ben@contoso.example' }));
      await client.session();
      expect(await thrownBy(client.graph('/me', init))).toMatchObject({ kind: 'user_changed' });
      expect(callsTo(page, '/me')).toBe(1);
    },
  );

  it('is sent again once: what still finds no session asks, and may ask again', async () => {
    const { client, page, state } = openReplaced({ sessionRequired: 'ask' });
    await client.session();
    state.gone = 2;
    const call = client.graph('/me');
    await flush();
    expect(callsTo(page, '/me')).toBe(2);
    expect(page.popups).toHaveLength(1);
    page.tabs.say(word(page.popups[0]?.id));
    expect((await call).ok).toBe(true);
    state.gone = 2;
    void client.graph('/me');
    await flush();
    expect(page.popups).toHaveLength(2);
  });

  it('asks for what the new session lacks', async () => {
    const { client, page } = openReplaced();
    const { answer } = page;
    await client.session();
    page.answer = (sent) =>
      callsTo(page, '/me') === 2 && sent.path.includes('/me') ? needsConsent() : answer(sent);
    const call = client.graph('/me');
    await flush();
    expect(client.interaction).toMatchObject({ feature: 'mail' });
    page.tabs.say(word(page.popups[0]?.id));
    expect((await call).ok).toBe(true);
  });

  it('is told of the end when there is no new session, or nobody can say', async () => {
    for (const look of [
      () => Response.json(signedOut),
      () => problemAnswer({ code: 'storage_unavailable' }, 503),
    ]) {
      const { client, page } = openReplaced();
      await client.session();
      page.answer = ({ path }) => (path.startsWith('/api/auth/session') ? look() : needsSession());
      expect(await thrownBy(client.graph('/me'))).toMatchObject({
        code: 'session_required',
        reason: 'session_idle',
      });
      expect(callsTo(page, '/me')).toBe(1);
    }
  });

  it('ends with a sign-out that comes while it looks: nothing is sent again, nobody is asked', async () => {
    for (const session of [signedIn(), signedOut]) {
      const { client, page } = openReplaced({ sessionRequired: 'ask' });
      await client.session();
      const look = Promise.withResolvers<Response>();
      page.answer = ({ path }) => (path.startsWith('/api/auth/session') ? look.promise : needsSession());
      const call = thrownBy(client.graph('/me'));
      await flush();
      page.tabs.say({ type: 'entra-bff:session', change: 'signed_out' });
      await flush();
      look.resolve(Response.json(session));
      expect(await call).toMatchObject({ kind: 'signed_out_meanwhile' });
      expect(callsTo(page, '/me')).toBe(1);
      expect(page.popups).toEqual([]);
    }
  });

  it('is not sent again when the page does not know whose it was', async () => {
    const { client, page } = openReplaced();
    withoutFirstSession(page);
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ code: 'session_required' });
    expect(callsTo(page, '/me')).toBe(1);
  });

  it('gives up looking when its caller does', async () => {
    const { client, page } = openReplaced();
    await client.session();
    page.answer = ({ path }) =>
      path.startsWith('/api/auth/session') ? new Promise(() => {}) : needsSession();
    const abort = new AbortController();
    const call = thrownBy(client.graph('/me', { signal: abort.signal }));
    await flush();
    abort.abort();
    expect(await call).toMatchObject({ name: 'AbortError' });
  });
});

describe('the window', () => {
  it('opens in the click itself, before anything else happens', () => {
    const { client, page } = openPage();
    void client.signIn({ feature: 'mail & more' });
    expect(page.popups[0]?.url.href).toBe(
      `${origin}/api/auth/login?feature=mail+%26+more&display=popup.${page.popups[0]?.id}`,
    );
    expect(page.popups[0]?.id).toMatch(/^[\w-]{8,64}$/);
  });

  it.for(['null', 'closed'] as const)('that is blocked (%s) becomes a redirect', async (kind) => {
    const { client, page } = openPage();
    page.blocksPopups = kind;
    expect(await client.signIn()).toBe('redirecting');
    expect(page.visited).toEqual([`${origin}/api/auth/login?return_to=%2Finbox%3Fview%3Dnew`]);
  });

  it('that reads as closed is not over: the page that it shows may have cut it off', async () => {
    const { client, page } = openPage();
    const state = server(page);
    const call = client.graph('/me/messages');
    await flush();
    Object.assign(page.popups[0] ?? {}, { closed: true });
    page.fire('focus');
    await flush();
    expect(client.interaction).toBeDefined();
    state.granted.add('mail');
    page.tabs.say(word(page.popups[0]?.id));
    expect((await call).ok).toBe(true);
  });

  it.for(['focus', 'visibilitychange'])('is done when the session says so at %s', async (event) => {
    const { client, page } = openPage();
    let signedInAt = '2026-11-22T15:00:00.000Z';
    const state = server(page, () => signedIn({ signed_in_at: signedInAt, features: { mail: 'granted' } }));
    const call = client.graph('/me/messages');
    await flush();
    page.fire(event);
    await flush();
    expect(client.interaction).toBeDefined();
    signedInAt = '2026-11-22T16:00:01.000Z';
    state.granted.add('mail');
    page.fire(event);
    expect((await call).ok).toBe(true);
  });

  it('goes on when another tab has signed in for something else', async () => {
    const { client, page } = openPage();
    let session = signedIn({ features: { mail: 'not_asked' } });
    server(page, () => session);
    void thrownBy(client.graph('/me/messages'));
    await flush();
    session = signedIn({ features: { mail: 'not_asked' }, signed_in_at: '2026-11-22T16:00:01.000Z' });
    page.tabs.say({ type: 'entra-bff:session', change: 'signed_in' });
    await flush();
    await flush();
    expect(client.interaction).toBeDefined();
  });

  describe('while another tab signs in', () => {
    /** A call of mail, refused for this reason until it is met, and a session that the other tab makes anew. */
    function openAsked(reason: string, mail: string) {
      const opened = openPage();
      const { page, client } = opened;
      const state = { isMet: false, signedInAt: '2026-11-22T15:00:00.000Z' };
      page.answer = ({ path }) => {
        const session = signedIn({ signed_in_at: state.signedInAt, features: { mail } });
        if (path.startsWith('/api/auth/session')) return Response.json(session);
        return state.isMet ? Response.json({}) : needsPerson(reason, 'mail', ['Mail.Read']);
      };
      const signInElsewhere = async () => {
        state.signedInAt = '2026-11-22T16:00:01.000Z';
        page.tabs.say({ type: 'entra-bff:session', change: 'signed_in' });
        await flush();
        await flush();
      };
      return { client, page, state, signInElsewhere };
    }

    it.for(['two_factor_required', 'claims_challenge', 'continuous_access_evaluation'])(
      'goes on for %s, which that sign-in may not have met',
      async (reason) => {
        const { client, page, state, signInElsewhere } = openAsked(reason, 'granted');
        const call = client.graph('/me/messages');
        await flush();
        await signInElsewhere();
        page.fire('focus');
        await flush();
        expect(client.interaction).toMatchObject({ reason });
        expect(page.popups[0]?.closed).toBe(false);
        expect(callsTo(page, '/me/messages')).toBe(1);
        state.isMet = true;
        page.tabs.say(word(page.popups[0]?.id));
        expect((await call).ok).toBe(true);
        state.isMet = false;
        void thrownBy(client.graph('/me/messages'));
        await flush();
        expect(page.popups).toHaveLength(2);
      },
    );

    it.for([
      ['refresh_token_expired', 'not_asked'],
      ['refresh_token_revoked', 'not_asked'],
      ['sign_in_required', 'not_asked'],
      ['consent_required', 'granted'],
    ] as const)('is done for %s where the feature is %s', async ([reason, mail]) => {
      const { client, page, state, signInElsewhere } = openAsked(reason, mail);
      const call = client.graph('/me/messages');
      await flush();
      state.isMet = true;
      await signInElsewhere();
      expect(page.popups[0]?.closed).toBe(true);
      expect((await call).ok).toBe(true);
    });
  });

  it('is not taken for done because the one before it was', async () => {
    const { client, page } = openPage();
    let signedInAt = '2026-11-22T15:00:00.000Z';
    const state = server(page, () => signedIn({ signed_in_at: signedInAt }));
    const mail = client.graph('/me/messages');
    await flush();
    void thrownBy(client.graph('/me/events'));
    await flush();
    signedInAt = '2026-11-22T16:00:01.000Z';
    state.granted.add('mail');
    page.tabs.say(word(page.popups[0]?.id));
    await mail;
    await flush();
    page.fire('focus');
    await flush();
    expect(client.interaction).toMatchObject({ feature: 'calendar' });
  });

  it('comes to the front when the person clicks again', async () => {
    const { client, page } = openPage();
    void client.signIn();
    void client.signIn();
    await flush();
    expect(page.popups).toHaveLength(1);
    expect(page.popups[0]?.focused).toBe(1);
  });

  it('is given up after ten minutes', async () => {
    const { client, page } = openPage();
    server(page);
    const call = thrownBy(client.graph('/me/messages'));
    await flush();
    await page.advance(599);
    expect(client.interaction).toBeDefined();
    await page.advance(1);
    expect(await call).toMatchObject({ kind: 'timed_out', problem: { feature: 'mail' } });
    expect(page.popups[0]?.closed).toBe(true);
  });

  it('can be canceled, with all that waits behind it; only a click asks again', async () => {
    const { client, page } = openPage();
    server(page);
    const mail = thrownBy(client.graph('/me/messages'));
    await flush();
    const calendar = thrownBy(client.graph('/me/events'));
    await flush();
    client.cancel();
    expect(await mail).toMatchObject({ kind: 'canceled' });
    expect(await calendar).toMatchObject({ kind: 'canceled' });
    const again = await thrownBy(client.graph('/me/messages'));
    expect(again).toBeInstanceOf(BffProblem);
    expect(page.popups).toHaveLength(1);
    if (again instanceof BffProblem) void client.interact(again).catch(() => {});
    expect(page.popups).toHaveLength(2);
  });

  it.for(Object.keys(refusals))(
    'that ends with %s throws it, and the session is asked for',
    async (outcome) => {
      const { client, page } = openPage();
      server(page);
      const call = thrownBy(client.graph('/me/messages'));
      await flush();
      const before = callsTo(page, '/session');
      page.tabs.say(word(page.popups[0]?.id, outcome));
      const error = await call;
      expect(error).toBeInstanceOf(InteractionFailed);
      expect(error).toMatchObject({ kind: outcome });
      await flush();
      expect(callsTo(page, '/session')).toBe(before + 1);
    },
  );

  describe('that ends with what only an administrator can give', () => {
    const link = 'https://login.example/adminconsent?client_id=1';
    const end = (page: FakePage, more: object) =>
      page.tabs.say({ ...word(page.popups.at(-1)?.id, 'admin_consent_required'), ...more });

    it.for([link, 'http://127.0.0.1:7072/adminconsent'])('gives the link to hand on: %s', async (url) => {
      const { client, page } = openPage();
      server(page);
      const call = thrownBy(client.graph('/me/messages'));
      const clicked = thrownBy(client.signIn({ feature: 'mail' }));
      await flush();
      end(page, { admin_consent_url: url });
      expect(await clicked).toMatchObject({ kind: 'admin_consent_required', adminConsentUrl: url });
      expect(await call).toMatchObject({ kind: 'admin_consent_required', adminConsentUrl: url });
    });

    it('gives it for this end only', async () => {
      const { client, page } = openPage();
      server(page);
      const mail = thrownBy(client.graph('/me/messages'));
      await flush();
      page.blocksPopups = 'null';
      const calendar = thrownBy(client.graph('/me/events'));
      await flush();
      end(page, { admin_consent_url: link });
      expect(await mail).toMatchObject({ adminConsentUrl: link });
      expect(await calendar).toMatchObject({ kind: 'redirecting', adminConsentUrl: undefined });
      page.blocksPopups = 'no';
      page.fire('pageshow', { persisted: true });
      const again = thrownBy(client.signIn({ feature: 'mail' }));
      await flush();
      end(page, {});
      expect(await again).toMatchObject({ kind: 'admin_consent_required', adminConsentUrl: undefined });
    });

    it.for(['javascript:alert(1)', ' https://login.example', '//login.example', 7, { href: link }, null])(
      'gives none where none is: %j',
      async (url) => {
        const { client, page } = openPage();
        const clicked = thrownBy(client.signIn());
        end(page, { admin_consent_url: url });
        expect(await clicked).toMatchObject({ kind: 'admin_consent_required', adminConsentUrl: undefined });
      },
    );
  });

  it('keeps two tabs apart by their ids', async () => {
    const tabs = new FakeTabs();
    const [left, right] = [openPage({ tabs }), openPage({ tabs })];
    const [first, second] = [left.client.signIn(), right.client.signIn()];
    tabs.say(word(right.page.popups[0]?.id));
    expect(await second).toBe('signed_in');
    expect(left.client.interaction).toBeDefined();
    tabs.say(word(left.page.popups[0]?.id));
    expect(await first).toBe('signed_in');
  });

  it('tells the page when it opens and when it is gone', async () => {
    const { client, page } = openPage();
    const seen: unknown[] = [];
    const stop = client.onInteractionChange(() => seen.push(client.interaction?.display));
    const asked = client.signIn();
    await flush();
    page.tabs.say(word(page.popups[0]?.id));
    await asked;
    await flush();
    stop();
    void client.signIn();
    await flush();
    expect(seen).toEqual(['popup', undefined]);
  });
});

describe('leaving the page', () => {
  it('sends nothing again: the call is thrown, the page comes back to its place and says so', async () => {
    const storage = new FakeStorage();
    const { client, page } = openPage({ storage, client: { interaction: 'redirect' } });
    server(page);
    const calls = [
      client.graph('/me/messages'),
      client.graph('/me/messages', { method: 'POST', repeat: true }),
    ];
    const errors = await Promise.all(calls.map(thrownBy));
    expect(errors.map((error) => (error instanceof InteractionFailed ? error.kind : error))).toEqual([
      'redirecting',
      'redirecting',
    ]);
    expect(page.visited).toEqual([`${origin}/api/auth/login?ticket=mail&return_to=%2Finbox%3Fview%3Dnew`]);
    expect(storage.entries.size).toBe(1);

    const back = openPage({ storage, path: '/inbox?view=new', nowMs: page.nowMs + 60_000 });
    expect(back.client.resumed).toEqual({ feature: 'mail', reason: 'consent_required' });
    expect(back.page.location.hash).toBe('#latest');
    expect(storage.entries.size).toBe(0);
    expect(back.page.sent).toEqual([]);
  });

  it('does not leave again for the same when the page is back; a click does', async () => {
    const storage = new FakeStorage();
    const first = openPage({ storage, client: { interaction: 'redirect' } });
    server(first.page);
    await thrownBy(first.client.graph('/me/messages'));
    const second = openPage({ storage, path: '/inbox?view=new', client: { interaction: 'redirect' } });
    server(second.page);
    const error = await thrownBy(second.client.graph('/me/messages'));
    expect(error).toBeInstanceOf(BffProblem);
    expect(second.page.visited).toEqual([]);
    await thrownBy(second.client.graph('/me/events'));
    expect(second.page.visited).toHaveLength(1);
    const third = openPage({ storage, path: '/inbox?view=new', client: { interaction: 'redirect' } });
    server(third.page);
    await thrownBy(third.client.graph('/me/messages'));
    expect(third.page.visited).toEqual([]);
    if (error instanceof BffProblem) expect(await third.client.interact(error)).toBe('redirecting');
    expect(third.page.visited).toHaveLength(1);
  });

  it.for([
    ['elsewhere', '/inbox?view=old', 60_000],
    ['after 15 minutes', '/inbox?view=new', 15 * 60_000],
    ['before it left, by its clock', '/inbox?view=new', -1],
  ] as const)('forgets the place when it is back %s', async ([, path, laterMs]) => {
    const storage = new FakeStorage();
    const { client, page } = openPage({ storage });
    await client.signIn({ display: 'redirect' });
    const back = openPage({ storage, path, nowMs: page.nowMs + laterMs });
    expect(back.client.resumed).toBeUndefined();
    expect(back.page.location.hash).toBe('');
    expect(storage.entries.size).toBe(0);
  });

  it('goes where it is told, and keeps the fragment of that place at home', async () => {
    const storage = new FakeStorage();
    const { client, page } = openPage({ storage });
    await client.signIn({ display: 'redirect', returnTo: '/calendar#today' });
    expect(page.visited).toEqual([`${origin}/api/auth/login?return_to=%2Fcalendar`]);
    const back = openPage({ storage, path: '/calendar' });
    expect(back.page.location.hash).toBe('#today');
  });

  it('leaves a fragment alone that the page has by now', async () => {
    const storage = new FakeStorage();
    await openPage({ storage }).client.signIn({ display: 'redirect' });
    expect(openPage({ storage, path: '/inbox?view=new#other' }).page.location.hash).toBe('#other');
  });

  it('happens without storage at a click, and never by itself: nothing would stop it from going round', async () => {
    const { client, page } = openPage({ storage: 'forbidden', client: { interaction: 'redirect' } });
    server(page);
    expect(await thrownBy(client.graph('/me/messages'))).toMatchObject({ kind: 'blocked' });
    expect(page.visited).toEqual([]);
    expect(await client.signIn()).toBe('redirecting');
    expect(page.visited).toHaveLength(1);
  });

  it('is over when the page comes back from the browser’s memory, or never went', async () => {
    const { client, page } = openPage({ answer: () => Response.json(signedOut) });
    await client.signIn({ display: 'redirect' });
    expect(client.interaction).toMatchObject({ display: 'redirect' });
    page.fire('pageshow', { persisted: true });
    await flush();
    expect(client.interaction).toBeUndefined();
    expect(callsTo(page, '/session')).toBe(1);
    await client.signIn({ display: 'redirect' });
    await page.advance(30);
    expect(client.interaction).toBeUndefined();
  });

  it.for(['{"at":', '7', 'null', '{"at":"now"}', '{"at":1,"path":7,"hash":"javascript:"}'])(
    'ignores a note %s',
    (note) => {
      const storage = new FakeStorage(new Map([['entra-bff:redirect', note]]));
      expect(openPage({ storage }).client.resumed).toBeUndefined();
    },
  );
});

describe('signing in silently', () => {
  it('goes round once, without a window, until somebody is signed in', async () => {
    const storage = new FakeStorage();
    const { client, page } = openPage({ storage });
    expect(await client.signIn({ silent: true })).toBe('redirecting');
    expect(page.visited).toEqual([`${origin}/api/auth/login?prompt=none&return_to=%2Finbox%3Fview%3Dnew`]);
    const back = openPage({ storage, path: '/inbox?view=new', answer: () => Response.json(signedIn()) });
    expect(await thrownBy(back.client.signIn({ silent: true }))).toMatchObject({ kind: 'login_required' });
    const reloaded = openPage({ storage, answer: () => Response.json(signedIn()) });
    expect(await thrownBy(reloaded.client.signIn({ silent: true }))).toMatchObject({
      kind: 'login_required',
    });
    await reloaded.client.session();
    expect(await reloaded.client.signIn({ silent: true })).toBe('redirecting');
  });

  it('does not go where nothing could stop it from going again', async () => {
    const { client, page } = openPage({ storage: 'forbidden' });
    expect(await thrownBy(client.signIn({ silent: true }))).toMatchObject({ kind: 'blocked' });
    expect(page.visited).toEqual([]);
  });

  it('heals a session that is gone, with one round', async () => {
    const storage = new FakeStorage();
    const options = {
      storage,
      client: { sessionRequired: 'silent' },
      answer: () => needsSession('session_ended'),
    } as const;
    const { client, page } = openPage(options);
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ kind: 'redirecting' });
    expect(page.visited[0]).toContain('prompt=none');
    const back = openPage({ ...options, path: '/inbox?view=new' });
    expect(await thrownBy(back.client.graph('/me'))).toMatchObject({ code: 'session_required' });
    expect(back.page.visited).toEqual([]);
  });

  it('leaves the page once for many calls, and each is told so', async () => {
    const { client, page } = openPage({
      client: { sessionRequired: 'silent' },
      answer: ({ path }) =>
        path.startsWith('/api/auth/session') ? Response.json(signedOut) : needsSession('session_ended'),
    });
    const calls = [1, 2, 3].map((top) => thrownBy(client.graph(`/me/messages?$top=${top}`)));
    for (const call of calls) expect(await call).toMatchObject({ kind: 'redirecting' });
    expect(await client.signIn({ silent: true })).toBe('redirecting');
    expect(page.visited).toHaveLength(1);
  });

  it('stays on the page when the window before it has signed the person in', async () => {
    const { client, page } = openPage({ client: { sessionRequired: 'silent' } });
    const state = { session: signedIn() as unknown, call: needsConsent };
    page.answer = ({ path }) =>
      path.startsWith('/api/auth/session') ? Response.json(state.session) : state.call();
    await client.session();
    const calls = [client.graph('/me/messages')];
    await flush();
    state.session = signedOut;
    state.call = () => needsSession('session_ended');
    calls.push(client.graph('/me'), client.graph('/me/photo'));
    await flush();
    state.session = signedIn({ signed_in_at: '2026-11-22T16:00:01.000Z' });
    state.call = () => Response.json({});
    page.tabs.say(word(page.popups[0]?.id));
    expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
    expect(page.visited).toEqual([]);
    state.session = signedOut;
    state.call = () => needsSession('session_ended');
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ kind: 'redirecting' });
  });

  it('leaves the page again once the call that asked has worked, without a look at the session', async () => {
    const storage = new FakeStorage();
    const path = '/inbox?view=new';
    const client = { sessionRequired: 'silent' } as const;
    const answer = () => needsSession('session_ended');
    const first = openPage({ storage, path, client, answer });
    expect(await thrownBy(first.client.graph('/me'))).toMatchObject({ kind: 'redirecting' });
    const back = openPage({ storage, path, client });
    expect((await back.client.graph('/other')).ok).toBe(true);
    expect(storage.entries.size).toBe(1);
    expect((await back.client.graph('/me')).ok).toBe(true);
    expect(storage.entries.size).toBe(0);
    back.page.answer = answer;
    expect(await thrownBy(back.client.graph('/me'))).toMatchObject({ kind: 'redirecting' });
  });

  it('waits for a click once the person has turned back from it', async () => {
    const { client, page } = openPage({ client: { sessionRequired: 'silent' } });
    const state = { session: signedOut as unknown };
    page.answer = ({ path }) => {
      if (path.startsWith('/api/auth/session')) return Response.json(state.session);
      return state.session === signedOut ? needsSession('session_ended') : Response.json({});
    };
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ kind: 'redirecting' });
    page.fire('pageshow', { persisted: true });
    await page.advance(16 * 60);
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ code: 'session_required' });
    void client.signIn();
    state.session = signedIn();
    page.tabs.say(word(page.popups[0]?.id));
    await flush();
    expect((await client.graph('/me')).ok).toBe(true);
    state.session = signedOut;
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ kind: 'redirecting' });
  });

  it('is not done behind the back of who has just turned back from a sign-in', async () => {
    const { client, page } = openPage({ client: { sessionRequired: 'silent' } });
    page.answer = ({ path }) =>
      path.startsWith('/api/auth/session') ? Response.json(signedOut) : needsSession('session_ended');
    const clicked = thrownBy(client.signIn());
    const call = thrownBy(client.graph('/me'));
    await flush();
    page.tabs.say(word(page.popups[0]?.id, 'login_canceled'));
    expect(await clicked).toMatchObject({ kind: 'login_canceled' });
    expect(await call).toMatchObject({ kind: 'login_canceled' });
    expect(page.visited).toEqual([]);
  });

  it('leaves alone who never was signed in', async () => {
    const { client, page } = openPage({
      client: { sessionRequired: 'silent' },
      answer: () => needsSession('not_signed_in'),
    });
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ code: 'session_required' });
    expect(page.visited).toEqual([]);
  });
});

describe('refuses', () => {
  it.for<[string, string | undefined, (id: string) => unknown]>([
    ['a message of a foreign origin', 'https://evil.example', (id) => word(id)],
    ['a message of an origin that only begins like ours', `${origin}.evil.example`, (id) => word(id)],
    ['a message of an opaque origin', 'null', (id) => word(id)],
    ['a message without an origin', undefined, (id) => word(id)],
    ['a forged type', origin, (id) => ({ ...word(id), type: 'entra-bff:interaction2' })],
    ['a type that is an object', origin, (id) => ({ ...word(id), type: ['entra-bff:interaction'] })],
    ['a foreign id', origin, () => word('0123456789abcdef')],
    ['no id', origin, () => word(undefined)],
    ['an unknown outcome', origin, (id) => word(id, 'granted')],
    ['a code that is no outcome', origin, (id) => word(id, 'login_transaction_invalid')],
    ['a name of Object as outcome', origin, (id) => word(id, 'toString')],
    ['text', origin, (id) => JSON.stringify(word(id))],
    ['nothing', origin, () => null],
    [
      'word of the session from a window',
      origin,
      () => ({ type: 'entra-bff:session', change: 'signed_out' }),
    ],
  ])('%s: nothing changes', async ([, from, message]) => {
    const { client, page } = openPage();
    server(page);
    void thrownBy(client.graph('/me/messages'));
    await flush();
    const { interaction } = client;
    const sent = page.sent.length;
    page.fire('message', {
      ...(from === undefined ? {} : { origin: from }),
      data: message(page.popups[0]?.id ?? ''),
    });
    await flush();
    expect(client.interaction).toBe(interaction);
    expect(page.popups[0]?.closed).toBe(false);
    expect(page.sent).toHaveLength(sent);
  });

  it('the word of a window that is over', async () => {
    const { client, page } = openPage();
    server(page);
    void thrownBy(client.graph('/me/messages'));
    await flush();
    client.cancel();
    void client.signIn();
    page.tabs.say(word(page.popups[0]?.id));
    await flush();
    expect(client.interaction).toBeDefined();
  });
});
