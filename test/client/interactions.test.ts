import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BffProblem, type ClientOptions, InteractionFailed } from '../../client/client.ts';
import { isRefusedReturnPath } from '../../client/redirect-note.ts';
import { parseReturnPath } from '../../src/shared/auth/return-path.ts';
import type { SignInFailureOutcome } from '../../src/shared/auth/sign-in-result.ts';
import {
  type FakePage,
  FakeStorage,
  FakeTabs,
  flush,
  needsConsent,
  needsInteraction,
  needsSession,
  openPage,
  origin,
  problemAnswer,
  signedIn,
  signedOut,
  thrownBy,
} from './fake-page.ts';

/** A server that requires consent until it is granted. The session does not change. */
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

/** All outcomes of the service, by its own type: a new outcome there fails to compile here. */
const refusals: Record<SignInFailureOutcome, true> = {
  consent_declined: true,
  login_canceled: true,
  admin_consent_required: true,
  login_required: true,
  other_account: true,
  fewer_permissions: true,
  signed_out_meanwhile: true,
  sign_in_service_unavailable: true,
  registration_invalid: true,
  sign_in_refused: true,
  took_too_long: true,
};

/** Makes the first session request fail. */
function withoutFirstSession(page: FakePage): void {
  const { answer } = page;
  page.answer = (sent) => {
    if (!sent.path.startsWith('/api/auth/session')) return answer(sent);
    page.answer = answer;
    throw new TypeError('offline');
  };
}

const callsTo = (page: FakePage, part: string) => page.sent.filter(({ path }) => path.includes(part)).length;

describe('a call that needs an interaction', () => {
  it('opens one popup for concurrent calls, and is repeated when the popup reports success', async () => {
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

  it('does not ask again if its refusal arrives after the user has consented', async () => {
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

  it('waits for the popup of another feature', async () => {
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
    /** A server on which each path needs another permission. */
    function serverOfMail(page: FakePage) {
      const granted = new Set<string>();
      page.answer = ({ path, method }) => {
        if (path.startsWith('/api/auth/session')) return Response.json(signedIn());
        const scopes = method === 'GET' ? ['Mail.Read'] : ['Mail.Send', 'Mail.Read'];
        // The order changes, because a set of permissions has no order.
        if (page.sent.length % 2 === 0) scopes.reverse();
        return scopes.every((scope) => granted.has(scope))
          ? Response.json({ path })
          : needsConsent('mail', scopes);
      };
      return granted;
    }
    const send = { method: 'POST', body: 'text', repeat: true };

    it('waits for the popup of another permission, then asks once for all waiting calls', async () => {
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

    it('does not ask again after a denial, and other permissions still do', async () => {
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

    it('waits for a sign-in that the user started for the whole feature', async () => {
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

  describe('for a reason that concerns the whole sign-in', () => {
    const asked = {
      '/me/messages': ['mail', ['Mail.Read']],
      '/me/mailFolders': ['mail', ['Mail.ReadBasic']],
      '/me/events': ['calendar', ['Calendars.Read']],
    } as const;
    const paths = ['/me/messages', '/me/mailFolders', '/me/events'] as const;

    /** Every call is refused for the same reason until the test clears it. */
    function openRefusing(reason: string) {
      const opened = openPage();
      const state = { reason: reason as string | undefined };
      opened.page.answer = ({ path }) => {
        const call = paths.find((part) => path.endsWith(part));
        if (call === undefined) return Response.json(signedIn());
        return state.reason === undefined
          ? Response.json({})
          : needsInteraction(state.reason, asked[call][0], asked[call][1]);
      };
      return { ...opened, state };
    }

    it.for([
      'two_factor_required',
      'sign_in_required',
      'password_expired',
      'refresh_token_expired',
      'refresh_token_revoked',
    ])('asks once for all features and permissions: %s', async (reason) => {
      const { client, page, state } = openRefusing(reason);
      const calls = paths.map((path) => client.graph(path));
      await flush();
      expect(client.interaction).toMatchObject({ reason, feature: 'mail' });
      state.reason = undefined;
      // Popups are blocked now, so a further interaction would redirect.
      page.blocksPopups = 'null';
      page.tabs.say(word(page.popups[0]?.id));
      expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
      expect(page.popups).toHaveLength(1);
      expect(page.visited).toEqual([]);
    });

    it.for(['claims_challenge', 'continuous_access_evaluation'])(
      'asks separately for each claims challenge: %s',
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

    it('is satisfied by a consent that was requested before', async () => {
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

    it('does not ask again for another feature after a denial, but does for a new sign-in', async () => {
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

  it('is repeated after any sign-in if it only needs a session', async () => {
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

  it('is repeated once, and fails without asking again if it still needs an interaction', async () => {
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
  ] as const)('is repeated with %j: %s', async ([init, isRepeated]) => {
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
  ] as const)('is not repeated as %s if another user has signed in meanwhile', async ([, init, kind]) => {
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

  it('is not repeated as a write if its user is unknown', async () => {
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

  it('ends at once if its caller aborts it, and others keep waiting', async () => {
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

  it.for(['consent_declined', 'admin_consent_required'])(
    'fails with %s without an interaction',
    async (code) => {
      const { client, page } = openPage({
        answer: () => problemAnswer({ code, login_url: '/api/auth/login?ticket=t', feature: 'mail' }, 403),
      });
      const error = await thrownBy(client.graph('/me/messages'));
      expect(error).toMatchObject({ name: 'BffProblem', code });
      expect(page.popups).toEqual([]);
      expect(page.visited).toEqual([]);
      if (error instanceof BffProblem) void client.interact(error);
      expect(page.popups[0]?.url.searchParams.get('ticket')).toBe('t');
    },
  );

  it('fails without an interaction if an administrator has to act first, and asks at a click', async () => {
    const problem = {
      code: 'interaction_required',
      reason: 'account_disabled',
      resolved_by: 'administrator',
      entra_error_code: 50057,
      login_url: '/api/auth/login?ticket=t',
    };
    const { client, page } = openPage({ answer: () => problemAnswer(problem, 401) });
    const error = await thrownBy(client.graph('/me/messages'));
    expect(error).toMatchObject({
      name: 'BffProblem',
      reason: 'account_disabled',
      resolvedBy: 'administrator',
      entraErrorCode: 50057,
    });
    expect(page.popups).toEqual([]);
    expect(page.visited).toEqual([]);
    if (error instanceof BffProblem) void client.interact(error);
    expect(page.popups[0]?.url.searchParams.get('ticket')).toBe('t');
  });

  it('fails with its problem if the app handles interactions', async () => {
    const { client, page } = openPage({ client: { interaction: 'manual', sessionRequired: 'ask' } });
    server(page);
    expect(await thrownBy(client.graph('/me/messages'))).toMatchObject({ code: 'interaction_required' });
    expect(page.popups).toEqual([]);
  });
});

describe('a call whose session was replaced by a sign-in in another tab', () => {
  /** The first response concerns the old session. The browser already has the new one. */
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
  ] as const)('is repeated as %s, without a sign-out event', async ([, init]) => {
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
    'is not repeated as another write, so the caller decides (%s)',
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
    'is never repeated if the new session is of another user: %j',
    async (init) => {
      const { client, page } = openReplaced({}, signedIn({ username: 'ben@contoso.example' }));
      await client.session();
      expect(await thrownBy(client.graph('/me', init))).toMatchObject({ kind: 'user_changed' });
      expect(callsTo(page, '/me')).toBe(1);
    },
  );

  it('is repeated once, and asks for a sign-in if there is still no session', async () => {
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

  it('asks for a permission that the new session lacks', async () => {
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

  it('fails with session_required if there is no new session or it cannot be read', async () => {
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

  it('fails without a repetition or a popup if a sign-out happens meanwhile', async () => {
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

  it('is not repeated if its user is unknown', async () => {
    const { client, page } = openReplaced();
    withoutFirstSession(page);
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ code: 'session_required' });
    expect(callsTo(page, '/me')).toBe(1);
  });

  it('ends if its caller aborts it during the session request', async () => {
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

describe('a call whose window the browser blocks', () => {
  const ask = (page: FakePage) => {
    page.blocksPopups = 'null';
    return server(page);
  };

  it.for(['null', 'closed'] as const)(
    'throws by default, stays on the page, and succeeds after a click (%s)',
    async (kind) => {
      const { client, page } = openPage();
      const state = ask(page);
      page.blocksPopups = kind;
      const error = await thrownBy(client.graph('/me/messages'));
      expect(error).toMatchObject({ kind: 'blocked', problem: { reason: 'consent_required' } });
      expect(page.visited).toEqual([]);
      expect(client.interaction).toBeUndefined();
      // A later call does not ask without a click either.
      expect(await thrownBy(client.graph('/me/messages'))).toBeInstanceOf(BffProblem);
      page.blocksPopups = 'no';
      const { problem } = error as InteractionFailed;
      if (problem === undefined) throw new Error('no problem');
      const clicked = client.interact(problem);
      state.granted.add('mail');
      page.tabs.say(word(page.popups.at(-1)?.id));
      expect(await clicked).toBe('signed_in');
      expect((await client.graph('/me/messages')).ok).toBe(true);
      expect(page.visited).toEqual([]);
    },
  );

  it('leaves the page with `redirect`', async () => {
    const { client, page } = openPage({ client: { ifBlocked: 'redirect' } });
    ask(page);
    expect(await thrownBy(client.graph('/me/messages'))).toMatchObject({ kind: 'redirecting' });
    expect(page.visited).toHaveLength(1);
  });

  describe('with `wait`', () => {
    const waiting = () => {
      const opened = openPage({ client: { ifBlocked: 'wait' } });
      return { ...opened, state: ask(opened.page) };
    };

    it('opens the window synchronously in the click, is repeated, and keeps the page', async () => {
      const { client, page, state } = waiting();
      const calls = [
        client.graph('/me/messages'),
        client.graph('/me/messages', { method: 'POST', repeat: true }),
      ];
      await flush();
      expect(client.interaction).toMatchObject({ display: 'popup', feature: 'mail' });
      page.blocksPopups = 'no';
      client.interaction?.proceed?.();
      expect(page.popups).toHaveLength(1);
      expect(page.popups[0]?.url.searchParams.get('ticket')).toBe('mail');
      expect(client.interaction?.proceed).toBeUndefined();
      state.granted.add('mail');
      page.tabs.say(word(page.popups[0]?.id));
      expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true);
      expect(page.popups).toHaveLength(1);
      expect(page.visited).toEqual([]);
      expect(client.interaction).toBeUndefined();
    });

    it('opens one window for two clicks', async () => {
      const { client, page } = waiting();
      void thrownBy(client.graph('/me/messages'));
      await flush();
      page.blocksPopups = 'no';
      const proceed = client.interaction?.proceed;
      proceed?.();
      proceed?.();
      expect(page.popups).toHaveLength(1);
    });

    it('redirects if the browser blocks the window of the click too', async () => {
      const { client, page } = waiting();
      const call = thrownBy(client.graph('/me/messages'));
      await flush();
      expect(page.visited).toEqual([]);
      client.interaction?.proceed?.();
      expect(await call).toMatchObject({ kind: 'redirecting' });
      expect(page.visited).toHaveLength(1);
    });

    it('is overtaken by a click on another button, and asks for one more click afterwards', async () => {
      const { client, page, state } = waiting();
      const call = client.graph('/me/messages');
      await flush();
      page.blocksPopups = 'no';
      const clicked = client.signIn({ feature: 'calendar' });
      expect(page.popups[0]?.url.searchParams.get('feature')).toBe('calendar');
      page.blocksPopups = 'null';
      page.tabs.say(word(page.popups[0]?.id));
      expect(await clicked).toBe('signed_in');
      expect(client.interaction).toMatchObject({ feature: 'mail' });
      page.blocksPopups = 'no';
      client.interaction?.proceed?.();
      state.granted.add('mail');
      page.tabs.say(word(page.popups[1]?.id));
      expect((await call).ok).toBe(true);
    });

    it('continues without a click if the user consents in another tab', async () => {
      const { client, page } = openPage({ client: { ifBlocked: 'wait' } });
      let session = signedIn({ features: { mail: 'not_asked' } });
      const state = server(page, () => session);
      page.blocksPopups = 'null';
      const call = client.graph('/me/messages');
      await flush();
      session = signedIn({ features: { mail: 'granted' }, signed_in_at: '2026-11-22T16:00:01.000Z' });
      state.granted.add('mail');
      page.tabs.say({ type: 'entra-bff:session', change: 'signed_in' });
      expect((await call).ok).toBe(true);
      expect(page.popups).toEqual([]);
    });

    it.for(['canceled', 'timed_out'] as const)('ends with `%s` without a click', async (kind) => {
      const { client, page } = waiting();
      const call = thrownBy(client.graph('/me/messages'));
      await flush();
      if (kind === 'canceled') client.cancel();
      else await page.advance(600);
      expect(await call).toMatchObject({ kind });
      expect(client.interaction).toBeUndefined();
      expect(page.visited).toEqual([]);
    });
  });
});

describe('the popup', () => {
  it('opens synchronously in the click', () => {
    const { client, page } = openPage();
    void client.signIn({ feature: 'mail & more' });
    expect(page.popups[0]?.url.href).toBe(
      `${origin}/api/auth/login?feature=mail+%26+more&display=popup.${page.popups[0]?.id}`,
    );
    expect(page.popups[0]?.id).toMatch(/^[\w-]{8,64}$/);
  });

  it.for(['null', 'closed'] as const)('becomes a redirect if it is blocked in a click (%s)', async (kind) => {
    const { client, page } = openPage();
    page.blocksPopups = kind;
    expect(await client.signIn()).toBe('redirecting');
    expect(page.visited).toEqual([`${origin}/api/auth/login?return_to=%2Finbox%3Fview%3Dnew`]);
  });

  it('is still awaited if it appears closed, because an opener policy has that effect', async () => {
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

  it.for(['focus', 'visibilitychange'])('is completed by a changed session at %s', async (event) => {
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

  it('stays open if another tab has signed in for another purpose', async () => {
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
    /** A mail call that is refused for this reason, and a session that the other tab replaces. */
    function openAsked(reason: string, mail: string) {
      const opened = openPage();
      const { page, client } = opened;
      const state = { isMet: false, signedInAt: '2026-11-22T15:00:00.000Z' };
      page.answer = ({ path }) => {
        const session = signedIn({ signed_in_at: state.signedInAt, features: { mail } });
        if (path.startsWith('/api/auth/session')) return Response.json(session);
        return state.isMet ? Response.json({}) : needsInteraction(reason, 'mail', ['Mail.Read']);
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
      'stays open for %s, which that sign-in may not satisfy',
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
    ] as const)('is completed for %s if the feature is %s', async ([reason, mail]) => {
      const { client, page, state, signInElsewhere } = openAsked(reason, mail);
      const call = client.graph('/me/messages');
      await flush();
      state.isMet = true;
      await signInElsewhere();
      expect(page.popups[0]?.closed).toBe(true);
      expect((await call).ok).toBe(true);
    });
  });

  it('is not completed by the success of the previous popup', async () => {
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

  it('gets the focus if the user clicks again', async () => {
    const { client, page } = openPage();
    void client.signIn();
    void client.signIn();
    await flush();
    expect(page.popups).toHaveLength(1);
    expect(page.popups[0]?.focused).toBe(1);
  });

  it('times out after ten minutes', async () => {
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

  it('can be canceled with all waiting calls, and then only a click asks again', async () => {
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
    'that ends with %s makes the call fail, and the client requests the session',
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

  describe('that ends with admin_consent_required', () => {
    const link = 'https://login.example/adminconsent?client_id=1';
    const end = (page: FakePage, more: object) =>
      page.tabs.say({ ...word(page.popups.at(-1)?.id, 'admin_consent_required'), ...more });

    it.for([link, 'http://127.0.0.1:7072/adminconsent'])(
      'returns the link for the administrator: %s',
      async (url) => {
        const { client, page } = openPage();
        server(page);
        const call = thrownBy(client.graph('/me/messages'));
        const clicked = thrownBy(client.signIn({ feature: 'mail' }));
        await flush();
        end(page, { admin_consent_url: url });
        expect(await clicked).toMatchObject({ kind: 'admin_consent_required', adminConsentUrl: url });
        expect(await call).toMatchObject({ kind: 'admin_consent_required', adminConsentUrl: url });
      },
    );

    it('returns the link for this outcome only', async () => {
      const { client, page } = openPage({ client: { ifBlocked: 'redirect' } });
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
      'returns no link for an invalid one: %j',
      async (url) => {
        const { client, page } = openPage();
        const clicked = thrownBy(client.signIn());
        end(page, { admin_consent_url: url });
        expect(await clicked).toMatchObject({ kind: 'admin_consent_required', adminConsentUrl: undefined });
      },
    );
  });

  it('is matched to its tab by its id', async () => {
    const tabs = new FakeTabs();
    const [left, right] = [openPage({ tabs }), openPage({ tabs })];
    const [first, second] = [left.client.signIn(), right.client.signIn()];
    tabs.say(word(right.page.popups[0]?.id));
    expect(await second).toBe('signed_in');
    expect(left.client.interaction).toBeDefined();
    tabs.say(word(left.page.popups[0]?.id));
    expect(await first).toBe('signed_in');
  });

  it('is announced to the page when it opens and when it closes', async () => {
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

describe('a redirect', () => {
  it('makes calls fail without repetition, returns to the same address and reports what it was for', async () => {
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

  it.each([
    '/files/a%2Fb?view=new',
    '/files//b',
    '/files/caf%E9',
    `/search?q=${'a'.repeat(600)}`,
    String.raw`/search?q=a\b`,
  ])('that is sent to / instead of %s continues to that address, once', async (path) => {
    expect(parseReturnPath(path, { origin, proxiedPaths: ['/api/graph'] })).toBeUndefined();
    const storage = new FakeStorage();
    const left = openPage({ storage, path: `${path}#latest`, client: { interaction: 'redirect' } });
    server(left.page);
    await thrownBy(left.client.graph('/me/messages'));

    const home = openPage({ storage, path: '/' });
    expect(home.page.visited).toEqual([origin + path]);
    expect(home.client.resumed).toBeUndefined();
    const back = openPage({ storage: new FakeStorage(new Map(storage.entries)), path });
    expect(back.client.resumed).toEqual({ feature: 'mail', reason: 'consent_required' });
    expect(back.page.location.hash).toBe('#latest');
    expect(back.page.sessionStorage.entries.size).toBe(0);
    // The address led to / again.
    expect(openPage({ storage, path: '/' }).page.visited).toEqual([]);
    expect(storage.entries.size).toBe(0);
  });

  it('to / itself, or to an address that the service accepts, is not continued from /', async () => {
    for (const path of ['/', '/inbox?view=new', `/search?q=${'a'.repeat(500)}`, '/caf%C3%A9?at=//a%2Fb']) {
      expect(parseReturnPath(path, { origin, proxiedPaths: ['/api/graph'] })).toBe(path);
      const storage = new FakeStorage();
      const left = openPage({ storage, path, client: { interaction: 'redirect' } });
      server(left.page);
      await thrownBy(left.client.graph('/me/messages'));
      expect(openPage({ storage, path: '/' }).page.visited).toEqual([]);
      expect(storage.entries.size).toBe(0);
    }
  });

  describe('refuses', () => {
    it.each([
      '.evil.test//a',
      '@evil.test//a',
      ':1//a',
      'https://evil.test//a',
      'javascript:alert(1)//',
      '',
      7,
      null,
    ])('a note with the path %j, which another script wrote', (path) => {
      const note = JSON.stringify({ at: Date.parse('2026-11-22T16:00:00Z'), path });
      const storage = new FakeStorage(new Map([['entra-bff:redirect', note]]));
      expect(openPage({ storage, path: '/' }).page.visited).toEqual([]);
    });

    it('the same paths as the service', () => {
      const part = fc.constantFrom(
        '/',
        'a',
        '%2f',
        '%5C',
        '%25',
        '%00',
        '%1f',
        '%7F',
        '%20',
        '%C3%A9',
        '%E9',
      );
      const rest = fc.constantFrom('', '?', '?//', '?a%2fb', String.raw`?\a`, `?${'a'.repeat(508)}`);
      fc.assert(
        fc.property(fc.array(part, { maxLength: 4 }), rest, (parts, query) => {
          const path = `/a${parts.join('')}${query}`;
          expect(isRefusedReturnPath(path), path).toBe(
            parseReturnPath(path, { origin, proxiedPaths: ['/api/graph'] }) === undefined,
          );
        }),
      );
    });
  });

  it('is not repeated for the same reason after the return, except by a click', async () => {
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
    ['with a clock that was set back', '/inbox?view=new', -1],
  ] as const)('is forgotten if the page returns %s', async ([, path, laterMs]) => {
    const storage = new FakeStorage();
    const { client, page } = openPage({ storage });
    await client.signIn({ display: 'redirect' });
    const back = openPage({ storage, path, nowMs: page.nowMs + laterMs });
    expect(back.client.resumed).toBeUndefined();
    expect(back.page.location.hash).toBe('');
    expect(storage.entries.size).toBe(0);
  });

  it('returns to a given address, whose fragment stays in the browser', async () => {
    const storage = new FakeStorage();
    const { client, page } = openPage({ storage });
    await client.signIn({ display: 'redirect', returnTo: '/calendar#today' });
    expect(page.visited).toEqual([`${origin}/api/auth/login?return_to=%2Fcalendar`]);
    const back = openPage({ storage, path: '/calendar' });
    expect(back.page.location.hash).toBe('#today');
  });

  it('does not replace a fragment that the page has already', async () => {
    const storage = new FakeStorage();
    await openPage({ storage }).client.signIn({ display: 'redirect' });
    expect(openPage({ storage, path: '/inbox?view=new#other' }).page.location.hash).toBe('#other');
  });

  it('happens only at a click if there is no storage, because nothing could stop a loop', async () => {
    const { client, page } = openPage({ storage: 'forbidden', client: { interaction: 'redirect' } });
    server(page);
    expect(await thrownBy(client.graph('/me/messages'))).toMatchObject({ kind: 'blocked' });
    expect(page.visited).toEqual([]);
    expect(await client.signIn()).toBe('redirecting');
    expect(page.visited).toHaveLength(1);
  });

  it('is over if the page returns from the back-forward cache or never left', async () => {
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
    'ignores an invalid stored note: %s',
    (note) => {
      const storage = new FakeStorage(new Map([['entra-bff:redirect', note]]));
      expect(openPage({ storage }).client.resumed).toBeUndefined();
    },
  );
});

describe('a silent sign-in', () => {
  it('redirects once, until a session was seen', async () => {
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

  it('does not redirect if there is no storage to stop a loop', async () => {
    const { client, page } = openPage({ storage: 'forbidden' });
    expect(await thrownBy(client.signIn({ silent: true }))).toMatchObject({ kind: 'blocked' });
    expect(page.visited).toEqual([]);
  });

  it('restores a session with one redirect', async () => {
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

  it('redirects once for concurrent calls, which all fail with redirecting', async () => {
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

  it('does not redirect if the previous popup has signed the user in', async () => {
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

  it('can redirect again after the call that caused it has succeeded', async () => {
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

  it('waits for a click after the user has gone back from it', async () => {
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

  it('does not start after the user has just canceled a sign-in', async () => {
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

  it('does not start for a user who was never signed in', async () => {
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
    ['a message of an origin that begins with this origin', `${origin}.evil.example`, (id) => word(id)],
    ['a message of an opaque origin', 'null', (id) => word(id)],
    ['a message without an origin', undefined, (id) => word(id)],
    ['a forged type', origin, (id) => ({ ...word(id), type: 'entra-bff:interaction2' })],
    ['a type that is an object', origin, (id) => ({ ...word(id), type: ['entra-bff:interaction'] })],
    ['a foreign id', origin, () => word('0123456789abcdef')],
    ['no id', origin, () => word(undefined)],
    ['an unknown outcome', origin, (id) => word(id, 'granted')],
    ['a code that is not an outcome', origin, (id) => word(id, 'login_transaction_invalid')],
    ['a property of Object as outcome', origin, (id) => word(id, 'toString')],
    ['a string', origin, (id) => JSON.stringify(word(id))],
    ['nothing', origin, () => null],
    ['a session message from a popup', origin, () => ({ type: 'entra-bff:session', change: 'signed_out' })],
  ])('%s, and nothing changes', async ([, from, message]) => {
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

  it('a message of a popup that has ended', async () => {
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
