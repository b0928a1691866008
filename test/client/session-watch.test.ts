import { describe, expect, it } from 'vitest';
import type { Client, SessionEvent } from '../../client/client.ts';
import {
  FakeTabs,
  flush,
  logoutUrl,
  needsSession,
  openPage,
  signedIn,
  signedOut,
  thrownBy,
} from './fake-page.ts';

function listen(client: Client): SessionEvent[] {
  const events: SessionEvent[] = [];
  client.onSessionChange((event) => events.push(event));
  return events;
}

const types = (events: readonly SessionEvent[]) => events.map(({ type }) => type);

/** Opens a page at four o'clock, with a session that the test can change. */
function openSignedIn(session: Readonly<Record<string, unknown>> = signedIn(), tabs = new FakeTabs()) {
  const state = { session, aheadMs: 0 };
  const answer = ({ path }: { path: string }) => {
    if (path.endsWith('/logout')) return Response.json({ logout_url: logoutUrl });
    if (path.endsWith('/session')) {
      const date = new Date(opened.page.nowMs + state.aheadMs).toUTCString();
      return Response.json(state.session, { headers: { date } });
    }
    return Response.json({ path });
  };
  const opened = openPage({ tabs, answer });
  return { ...opened, state, events: listen(opened.client) };
}

describe('session events', () => {
  it('report changes, but not a later idle end', async () => {
    const { client, state, events } = openSignedIn(signedOut);
    await client.session();
    await client.session();
    state.session = signedIn();
    await client.session();
    state.session = signedIn({ idle_expires_at: '2026-11-22T17:10:00.000Z' });
    await client.session();
    state.session = signedIn({ features: { mail: 'granted' } });
    await client.session();
    await flush();
    expect(types(events)).toEqual(['signed_out', 'signed_in', 'changed']);
    expect(events[2]?.session).toMatchObject({ features: { mail: 'granted' } });
  });

  it('report the end if a call gets session_required', async () => {
    const { client, page, state, events } = openSignedIn();
    await client.session();
    state.session = signedOut;
    const { answer } = page;
    page.answer = (sent) => (sent.path.includes('graph') ? needsSession() : answer(sent));
    await thrownBy(client.graph('/me'));
    await flush();
    expect(types(events)).toEqual(['signed_in', 'signed_out']);
  });

  it('report changes when the page returns from the back-forward cache', async () => {
    const { client, page, state, events } = openSignedIn();
    await client.session();
    state.session = signedOut;
    page.fire('pageshow', { persisted: false });
    await flush();
    expect(types(events)).toEqual(['signed_in']);
    page.fire('pageshow', { persisted: true });
    await flush();
    expect(types(events)).toEqual(['signed_in', 'signed_out']);
  });

  it('stop after unsubscribing', async () => {
    const { client, state, events } = openSignedIn();
    const dropped: SessionEvent[] = [];
    client.onSessionChange((event) => dropped.push(event))();
    await client.session();
    state.session = signedOut;
    await client.session();
    await flush();
    expect(dropped).toEqual([]);
    expect(events).toHaveLength(2);
  });
});

describe('the end of the session', () => {
  const oneMinuteBefore = (type: string) => ({ type, secondsLeft: 120, reason: 'session_idle' });

  it('is announced two minutes before, once', async () => {
    const { client, page, events } = openSignedIn();
    await client.session();
    await page.advance(58 * 60 - 1);
    expect(types(events)).toEqual(['signed_in']);
    await page.advance(1);
    expect(events[1]).toMatchObject(oneMinuteBefore('expiring'));
    await client.session();
    await flush();
    expect(types(events)).toEqual(['signed_in', 'expiring']);
  });

  it('is requested again before the warning, because use may have extended it', async () => {
    const { client, page, state, events } = openSignedIn();
    await client.session();
    state.session = signedIn({ idle_expires_at: '2026-11-22T17:30:00.000Z' });
    await page.advance(58 * 60);
    expect(types(events)).toEqual(['signed_in']);
    await page.advance(30 * 60);
    expect(types(events)).toEqual(['signed_in', 'expiring']);
  });

  it.for([
    ['with the same idle end', '2026-11-22T16:30:00.000Z'],
    ['with a later idle end', '2026-11-22T18:00:00.000Z'],
  ])('is announced as session_expired if use cannot extend it, %s', async ([, idleEnd]) => {
    const { client, page, events } = openSignedIn(
      signedIn({ idle_expires_at: idleEnd, expires_at: '2026-11-22T16:30:00.000Z' }),
    );
    await client.session();
    await page.advance(28 * 60);
    expect(events[1]).toMatchObject({ type: 'expiring', reason: 'session_expired', secondsLeft: 120 });
  });

  it('is verified when its time has come', async () => {
    const { client, page, state, events } = openSignedIn();
    await client.session();
    await page.advance(59 * 60);
    state.session = signedOut;
    await page.advance(61);
    expect(types(events)).toEqual(['signed_in', 'expiring', 'signed_out']);
    const sent = page.sent.length;
    await page.advance(24 * 60 * 60);
    expect(page.sent).toHaveLength(sent);
  });

  it('is measured by the server’s clock', async () => {
    const { client, page, state, events } = openSignedIn();
    state.aheadMs = 50 * 60 * 1000;
    await client.session();
    await page.advance(8 * 60);
    await flush();
    expect(events[1]?.type).toBe('expiring');
  });

  it('is requested at most once a minute if the clocks differ or the server does not answer', async () => {
    const { client, page, state } = openSignedIn(signedIn({ idle_expires_at: '2026-11-22T15:00:00.000Z' }));
    await client.session();
    await page.advance(10 * 60);
    expect(page.sent.length).toBeLessThanOrEqual(11);
    state.session = signedIn();
    await client.session();
    const sent = page.sent.length;
    page.answer = () => Promise.reject(new TypeError('offline'));
    await page.advance(48 * 60);
    expect(page.sent.length - sent).toBe(1);
    await page.advance(10 * 60);
    expect(page.sent.length - sent).toBe(11);
  });

  it('is not requested at once if it is far away, although long timers overflow', async () => {
    const far = { idle_expires_at: '2027-11-22T17:00:00.000Z', expires_at: '2027-11-22T17:00:00.000Z' };
    const { client, page, events } = openSignedIn(signedIn(far));
    await client.session();
    await page.advance(60 * 60 - 1);
    expect(page.sent).toHaveLength(1);
    await page.advance(60 * 60 * 5);
    expect(types(events)).toEqual(['signed_in']);
  });
});

describe('the warning before the end', () => {
  const moved = { idle_expires_at: '2026-11-22T17:58:00.000Z' };

  /** Opens a page and waits for its warning. */
  async function openWarned(session?: Readonly<Record<string, unknown>>) {
    const opened = openSignedIn(session);
    await opened.client.session();
    await opened.page.advance(58 * 60);
    expect(types(opened.events)).toEqual(['signed_in', 'expiring']);
    const asked = () => opened.page.sent.filter(({ path }) => path.endsWith('/session')).length;
    return { ...opened, asked };
  }

  it('is revoked after a call that extended the session, and repeated before the next end', async () => {
    const { client, page, state, events } = await openWarned();
    state.session = signedIn(moved);
    await client.graph('/me');
    await page.advance(0);
    expect(events.at(-1)).toEqual({ type: 'changed', session: state.session, userChanged: false });
    await page.advance(57 * 60);
    await page.advance(60);
    expect(types(events)).toEqual(['signed_in', 'expiring', 'changed', 'expiring']);
  });

  it('is checked once after concurrent calls, and not at all without a warning', async () => {
    const { client, page, state, events, asked } = await openWarned();
    const before = asked();
    await Promise.all([1, 2, 3].map(() => client.graph('/me')));
    await page.advance(0);
    expect(asked()).toBe(before + 1);
    expect(types(events)).toEqual(['signed_in', 'expiring']);
    state.session = signedIn(moved);
    await client.graph('/me');
    await page.advance(0);
    await client.graph('/me');
    await page.advance(0);
    expect(asked()).toBe(before + 2);
  });

  it.for(['focus', 'visibilitychange'])(
    'is revoked at %s if another tab extended the session',
    async (event) => {
      const { page, state, events } = await openWarned();
      state.session = signedIn(moved);
      page.fire(event);
      await page.advance(0);
      expect(types(events)).toEqual(['signed_in', 'expiring', 'changed']);
    },
  );

  it('is revoked at the end at the latest', async () => {
    const { page, state, events } = await openWarned();
    state.session = signedIn(moved);
    await page.advance(121);
    expect(types(events)).toEqual(['signed_in', 'expiring', 'changed']);
  });

  it('is repeated after another change of the session', async () => {
    const { client, state, events } = await openWarned();
    state.session = signedIn({ features: { mail: 'granted' } });
    await client.session();
    await flush();
    expect(types(events)).toEqual(['signed_in', 'expiring', 'changed', 'expiring']);
  });

  it('is repeated with the remaining time if the end was extended a little', async () => {
    const { client, page, state, events } = await openWarned();
    state.session = signedIn({ idle_expires_at: '2026-11-22T17:00:30.000Z' });
    await page.advance(60);
    await client.graph('/me');
    await page.advance(0);
    expect(events.slice(2)).toMatchObject([{ type: 'expiring', secondsLeft: 90 }]);
  });

  it('is revoked by one event when the user signs in again', async () => {
    const { client, state, events } = await openWarned();
    state.session = signedIn({ ...moved, signed_in_at: '2026-11-22T16:58:10.000Z' });
    await client.session();
    await flush();
    expect(types(events)).toEqual(['signed_in', 'expiring', 'changed']);
  });
});

describe('other tabs', () => {
  it('are informed of a sign-in and request the session', async () => {
    const tabs = new FakeTabs();
    const [left, right] = [openSignedIn(signedOut, tabs), openSignedIn(signedOut, tabs)];
    await right.client.session();
    const asked = left.client.signIn();
    left.state.session = signedIn();
    right.state.session = signedIn();
    tabs.say({ type: 'entra-bff:interaction', id: left.page.popups[0]?.id, outcome: 'signed_in' });
    await asked;
    await flush();
    expect(types(right.events)).toEqual(['signed_out', 'signed_in']);
  });

  it('are informed when a page returns from a redirect', async () => {
    const tabs = new FakeTabs();
    const { state, events } = openSignedIn(signedOut, tabs);
    state.session = signedIn();
    const storage = openPage().page.sessionStorage;
    await openPage({ tabs, storage }).client.signIn({ display: 'redirect' });
    openPage({ tabs, storage, path: '/inbox?view=new' });
    await flush();
    expect(types(events)).toEqual(['signed_in']);
  });

  it('are informed of a sign-out at once, discard late responses and close popups', async () => {
    const tabs = new FakeTabs();
    const [left, right] = [openSignedIn(signedIn(), tabs), openSignedIn(signedIn(), tabs)];
    await right.client.session();
    const answer = Promise.withResolvers<Response>();
    const before = right.page.answer;
    right.page.answer = (sent) => (sent.path.includes('graph') ? answer.promise : before(sent));
    const call = thrownBy(right.client.graph('/me'));
    const asked = thrownBy(right.client.signIn({ feature: 'mail' }));
    await left.client.signOut();
    await flush();
    answer.resolve(Response.json({ old: true }));
    expect(await call).toMatchObject({ kind: 'signed_out_meanwhile' });
    expect(await asked).toMatchObject({ kind: 'signed_out_meanwhile' });
    expect(right.page.popups[0]?.closed).toBe(true);
    expect(types(right.events)).toEqual(['signed_in', 'signed_out']);
  });

  it('are informed of a sign-out only after the server has confirmed it', async () => {
    const tabs = new FakeTabs();
    const { client, page } = openSignedIn(signedIn(), tabs);
    const answer = Promise.withResolvers<Response>();
    page.answer = () => answer.promise;
    const leaving = client.signOut();
    await flush();
    expect(tabs.said).toEqual([]);
    answer.resolve(Response.json({ logout_url: logoutUrl }));
    await leaving;
    expect(tabs.said).toEqual([{ type: 'entra-bff:session', change: 'signed_out' }]);
  });
});

describe('a sign-out in progress', () => {
  it('refuses new calls, because they would use the session that ends', async () => {
    const { client, page } = openSignedIn();
    const done = Promise.withResolvers<void>();
    const { answer } = page;
    page.answer = async (sent) => {
      if (sent.path.endsWith('/logout')) await done.promise;
      return answer(sent);
    };
    const leaving = client.signOut();
    expect(await thrownBy(client.graph('/me'))).toMatchObject({ kind: 'signed_out_meanwhile' });
    expect(page.sent.map(({ path }) => path)).toEqual(['/api/auth/logout']);
    done.resolve();
    await leaving;
  });

  it('discards the responses of earlier calls, and the session is over', async () => {
    const { client, page } = openSignedIn();
    const answers = Promise.withResolvers<void>();
    const { answer } = page;
    page.answer = async (sent) => {
      if (!sent.path.endsWith('/logout')) await answers.promise;
      return answer(sent);
    };
    const call = thrownBy(client.graph('/me'));
    const session = client.session();
    const leaving = client.signOut();
    const late = thrownBy(client.graph('/me/messages'));
    await leaving;
    answers.resolve();
    expect(await call).toMatchObject({ kind: 'signed_out_meanwhile' });
    expect(await late).toMatchObject({ kind: 'signed_out_meanwhile' });
    expect(await session).toEqual(signedOut);
  });
});

describe('refuses', () => {
  it.for([
    null,
    'signed_out',
    { type: 'entra-bff:session2', change: 'signed_out' },
    { change: 'signed_out' },
  ])('a message of another sender on the channel: %j', async (message) => {
    const { client, page, events } = openSignedIn();
    await client.session();
    page.tabs.say(message);
    await flush();
    expect(types(events)).toEqual(['signed_in']);
    expect(page.sent).toHaveLength(1);
  });
});
