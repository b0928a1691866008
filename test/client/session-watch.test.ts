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

/** A page with a session that the test changes, at four o'clock. */
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

describe('news of the session', () => {
  it('come with what changed, and not with what only moved by use', async () => {
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

  it('come when a call finds the session gone', async () => {
    const { client, page, state, events } = openSignedIn();
    await client.session();
    state.session = signedOut;
    const { answer } = page;
    page.answer = (sent) => (sent.path.includes('graph') ? needsSession() : answer(sent));
    await thrownBy(client.graph('/me'));
    await flush();
    expect(types(events)).toEqual(['signed_in', 'signed_out']);
  });

  it('come at a page that is back from the browser’s memory', async () => {
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

  it('stop when told to, and reach the others when one listener throws', async () => {
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

  it('is asked for again first: use has moved it', async () => {
    const { client, page, state, events } = openSignedIn();
    await client.session();
    state.session = signedIn({ idle_expires_at: '2026-11-22T17:30:00.000Z' });
    await page.advance(58 * 60);
    expect(types(events)).toEqual(['signed_in']);
    await page.advance(30 * 60);
    expect(types(events)).toEqual(['signed_in', 'expiring']);
  });

  it.for([
    ['as the service says it', '2026-11-22T16:30:00.000Z'],
    ['with an idle end behind it', '2026-11-22T18:00:00.000Z'],
  ])('is told as it is when nothing can move it, %s', async ([, idleEnd]) => {
    const { client, page, events } = openSignedIn(
      signedIn({ idle_expires_at: idleEnd, expires_at: '2026-11-22T16:30:00.000Z' }),
    );
    await client.session();
    await page.advance(28 * 60);
    expect(events[1]).toMatchObject({ type: 'expiring', reason: 'session_expired', secondsLeft: 120 });
  });

  it('is looked at when it has come', async () => {
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

  it('is not asked for without pause when the clocks disagree or nobody answers', async () => {
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

  it('far away is no reason to ask at once: long timers overflow', async () => {
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

  /** A page that has been warned. */
  async function openWarned(session?: Readonly<Record<string, unknown>>) {
    const opened = openSignedIn(session);
    await opened.client.session();
    await opened.page.advance(58 * 60);
    expect(types(opened.events)).toEqual(['signed_in', 'expiring']);
    const asked = () => opened.page.sent.filter(({ path }) => path.endsWith('/session')).length;
    return { ...opened, asked };
  }

  it('is taken back after a call that moved the end, and comes again before the next one', async () => {
    const { client, page, state, events } = await openWarned();
    state.session = signedIn(moved);
    await client.graph('/me');
    await page.advance(0);
    expect(events.at(-1)).toEqual({ type: 'changed', session: state.session, userChanged: false });
    await page.advance(57 * 60);
    await page.advance(60);
    expect(types(events)).toEqual(['signed_in', 'expiring', 'changed', 'expiring']);
  });

  it('is asked about once for many calls, and not at all when nobody was warned', async () => {
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
    'is taken back at %s when another tab moved the end',
    async (event) => {
      const { page, state, events } = await openWarned();
      state.session = signedIn(moved);
      page.fire(event);
      await page.advance(0);
      expect(types(events)).toEqual(['signed_in', 'expiring', 'changed']);
    },
  );

  it('is taken back at the end at the latest', async () => {
    const { page, state, events } = await openWarned();
    state.session = signedIn(moved);
    await page.advance(121);
    expect(types(events)).toEqual(['signed_in', 'expiring', 'changed']);
  });

  it('holds when something else has changed: it comes again behind the news', async () => {
    const { client, state, events } = await openWarned();
    state.session = signedIn({ features: { mail: 'granted' } });
    await client.session();
    await flush();
    expect(types(events)).toEqual(['signed_in', 'expiring', 'changed', 'expiring']);
  });

  it('comes again with the time that is left when the end has moved by little', async () => {
    const { client, page, state, events } = await openWarned();
    state.session = signedIn({ idle_expires_at: '2026-11-22T17:00:30.000Z' });
    await page.advance(60);
    await client.graph('/me');
    await page.advance(0);
    expect(events.slice(2)).toMatchObject([{ type: 'expiring', secondsLeft: 90 }]);
  });

  it('is taken back with one word when somebody signs in again', async () => {
    const { client, state, events } = await openWarned();
    state.session = signedIn({ ...moved, signed_in_at: '2026-11-22T16:58:10.000Z' });
    await client.session();
    await flush();
    expect(types(events)).toEqual(['signed_in', 'expiring', 'changed']);
  });
});

describe('other tabs', () => {
  it('hear of a sign-in and ask for themselves', async () => {
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

  it('hear of a page that is back after a redirect', async () => {
    const tabs = new FakeTabs();
    const { state, events } = openSignedIn(signedOut, tabs);
    state.session = signedIn();
    const storage = openPage().page.sessionStorage;
    await openPage({ tabs, storage }).client.signIn({ display: 'redirect' });
    openPage({ tabs, storage, path: '/inbox?view=new' });
    await flush();
    expect(types(events)).toEqual(['signed_in']);
  });

  it('hear of a sign-out at once: nothing under way is given out, nobody is asked', async () => {
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

  it('are told of a sign-out only when the server has done it', async () => {
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

describe('signing out', () => {
  it('lets no call out while it is under way: its answer would still be of the session that ends', async () => {
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

  it('overtakes what is under way: no call gives data, and the session is over', async () => {
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
  ])('the word of another sender on the channel: %j', async (message) => {
    const { client, page, events } = openSignedIn();
    await client.session();
    page.tabs.say(message);
    await flush();
    expect(types(events)).toEqual(['signed_in']);
    expect(page.sent).toHaveLength(1);
  });
});
