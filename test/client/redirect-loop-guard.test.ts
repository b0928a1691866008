import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../client/client.ts';
import { isWholeRun } from '../support/scale.ts';
import {
  FakeStorage,
  FakeTabs,
  flush,
  needsConsent,
  needsSession,
  openPage,
  signedIn,
  signedOut,
  thrownBy,
} from './fake-page.ts';

const minute = 60;
const day = 24 * 60 * minute;

/** A service with one user in all tabs. */
class Service {
  nowMs = Date.parse('2026-11-22T16:00:00Z');
  isSignedIn = true;
  username = 'alice@contoso.example';
  signedInAtMs = this.nowMs - 1000;
  /** Features whose consent the session reports, and features whose calls succeed. */
  readonly granted = new Set<string>();
  readonly usable = new Set<string>();

  signIn(feature?: string): void {
    this.isSignedIn = true;
    this.signedInAtMs = this.nowMs;
    if (feature !== undefined) {
      this.granted.add(feature);
      this.usable.add(feature);
    }
  }

  answer(path: string): Response {
    if (path.endsWith('/auth/session')) return Response.json(this.isSignedIn ? this.#session() : signedOut);
    if (!this.isSignedIn) return needsSession();
    const feature = path.includes('/events') ? 'calendar' : 'mail';
    return this.usable.has(feature) ? Response.json({}) : needsConsent(feature);
  }

  #session() {
    const states = ['mail', 'calendar'].map((name) => [
      name,
      this.granted.has(name) ? 'granted' : 'not_asked',
    ]);
    const far = new Date(this.nowMs + 10 * day * 1000).toISOString();
    return signedIn({
      username: this.username,
      signed_in_at: new Date(this.signedInAtMs).toISOString(),
      features: Object.fromEntries(states),
      expires_at: far,
      idle_expires_at: far,
    });
  }
}

/** A tab that redirects for interactions and returns with a new client each time. */
class Tab {
  readonly service: Service;
  readonly #options: ClientOptions;
  readonly #tabs: FakeTabs;
  readonly #storage = new FakeStorage();
  #opened: ReturnType<typeof openPage>;

  constructor(service = new Service(), options: ClientOptions = {}, tabs = new FakeTabs()) {
    this.service = service;
    this.#options = { interaction: 'redirect', ...options };
    this.#tabs = tabs;
    this.#opened = this.#open();
  }

  #open() {
    const { service } = this;
    return openPage({
      storage: this.#storage,
      tabs: this.#tabs,
      path: '/inbox?view=new',
      nowMs: service.nowMs,
      client: this.#options,
      answer: ({ path }) => service.answer(path),
    });
  }

  get client() {
    return this.#opened.client;
  }

  get page() {
    return this.#opened.page;
  }

  get isLeft(): boolean {
    return this.page.visited.length > 0;
  }

  /** Returns `ok`, `left` if the call redirects, or the name of the error. */
  async call(path: string, method = 'GET'): Promise<string> {
    const error = await thrownBy(this.client.graph(path, { method }));
    if (error === undefined) return 'ok';
    return this.isLeft ? 'left' : error instanceof Error ? error.name : 'nothing';
  }

  async pass(seconds: number): Promise<void> {
    this.service.nowMs += seconds * 1000;
    await this.page.advance(seconds);
  }

  /** The user returns from Entra ID. */
  comeBack(): void {
    this.service.nowMs += 1000;
    this.#opened = this.#open();
  }

  /** The user consents and returns. */
  give(feature?: string): void {
    this.service.signIn(feature);
    this.comeBack();
  }
}

describe('a redirect after which the user consented', () => {
  it('is repeated for the same reason if the call that caused it has succeeded meanwhile', async () => {
    const tab = new Tab();
    expect(await tab.call('/me/messages?$top=1')).toBe('left');
    tab.give('mail');
    expect(await tab.call('/me/messages?$top=2')).toBe('ok');
    tab.service.usable.delete('mail');
    expect(await tab.call('/me/messages')).toBe('left');
  });

  it('is repeated for another call only after a minute if session() reports the consent', async () => {
    const tab = new Tab();
    await tab.client.session();
    expect(await tab.call('/me/messages/1')).toBe('left');
    tab.give('mail');
    await tab.client.session();
    tab.service.usable.delete('mail');
    expect(await tab.call('/me/messages/2')).toBe('BffProblem');
    await tab.pass(minute);
    expect(await tab.call('/me/messages/2')).toBe('left');
  });

  it('is repeated as often as the reason recurs', async () => {
    const tab = new Tab();
    for (let round = 0; round < 5; round++) {
      tab.service.usable.delete('mail');
      expect(await tab.call('/me/messages'), `round ${round}`).toBe('left');
      tab.give('mail');
      expect(await tab.call('/me/messages')).toBe('ok');
      await tab.pass(minute);
    }
  });

  it('is repeated on the next day, even if another redirect followed it', async () => {
    const tab = new Tab(new Service(), { sessionRequired: 'ask' });
    for (const feature of ['mail', 'calendar']) {
      tab.service.isSignedIn = false;
      expect(await tab.call('/me/messages')).toBe('left');
      tab.give();
      await tab.client.session();
      expect(await tab.call(feature === 'mail' ? '/me/messages' : '/me/events')).toBe('left');
      tab.give(feature);
      await tab.client.session();
      await tab.pass(day);
    }
  });
});

describe('refuses to redirect in a loop', () => {
  it('if it does not help: it redirects once, and once more a minute later', async () => {
    const tab = new Tab();
    await tab.client.session();
    for (const _round of [1, 2]) {
      expect(await tab.call('/me/messages')).toBe('left');
      tab.give('mail');
      tab.service.usable.delete('mail');
      await tab.client.session();
      expect(await tab.call('/me/messages')).toBe('BffProblem');
      await tab.pass(minute);
    }
    for (const path of ['/me/messages', '/me/messages/1', '/me/messages']) {
      expect(await tab.call(path)).toBe('BffProblem');
      await tab.pass(day);
    }
  });

  it('if it helps for a moment only: the third redirect waits for a minute', async () => {
    const tab = new Tab();
    for (const _round of [1, 2]) {
      expect(await tab.call('/me/messages')).toBe('left');
      tab.give('mail');
      expect(await tab.call('/me/messages')).toBe('ok');
      tab.service.usable.delete('mail');
    }
    expect(await tab.call('/me/messages')).toBe('BffProblem');
    await tab.pass(minute);
    expect(await tab.call('/me/messages')).toBe('left');
  });

  it.for(['redirected back', 'back from the back-forward cache'])(
    'if the user went back, even a day later (%s)',
    async (how) => {
      const tab = new Tab();
      // The permission is granted all the time. Something else is missing.
      tab.service.granted.add('mail');
      await tab.client.session();
      expect(await tab.call('/me/messages')).toBe('left');
      if (how === 'redirected back') tab.comeBack();
      else {
        tab.page.visited.length = 0;
        tab.page.fire('pageshow', { persisted: true });
      }
      await tab.client.session();
      expect(await tab.call('/me/messages')).toBe('BffProblem');
      await tab.pass(day);
      expect(await tab.call('/me/messages')).toBe('BffProblem');
    },
  );

  it('if the user canceled a popup for the same reason', async () => {
    const tab = new Tab(new Service(), { interaction: 'popup', ifBlocked: 'redirect' });
    tab.page.blocksPopups = 'null';
    expect(await tab.call('/me/messages')).toBe('left');
    tab.give('mail');
    expect(await tab.call('/me/messages')).toBe('ok');
    await tab.pass(minute);
    tab.service.usable.delete('mail');
    const asked = tab.call('/me/messages');
    await flush();
    expect(tab.page.popups).toHaveLength(1);
    tab.client.cancel();
    expect(await asked).toBe('InteractionFailed');
    expect(await tab.call('/me/messages')).toBe('BffProblem');
  });

  it('if the user signed in for another feature only', async () => {
    const tab = new Tab();
    await tab.client.session();
    expect(await tab.call('/me/messages')).toBe('left');
    tab.comeBack();
    await tab.client.session();
    expect(await tab.call('/me/events')).toBe('left');
    tab.give('calendar');
    await tab.client.session();
    expect(await tab.call('/me/events')).toBe('ok');
    expect(await tab.call('/me/messages')).toBe('BffProblem');
    await tab.pass(minute);
    expect(await tab.call('/me/messages')).toBe('BffProblem');
  });

  it('if other calls succeed, but not the one that caused it', async () => {
    const tab = new Tab();
    tab.service.usable.add('calendar');
    expect(await tab.call('/me/messages')).toBe('left');
    tab.comeBack();
    expect(await tab.call('/me/events')).toBe('ok');
    await tab.pass(minute);
    expect(await tab.call('/me/messages')).toBe('BffProblem');
    expect(await tab.call('/me/messages', 'POST')).toBe('BffProblem');
  });

  it.for(['ask', 'silent'] as const)(
    'if the session is lost again after every sign-in (%s)',
    async (sessionRequired) => {
      const tab = new Tab(new Service(), { sessionRequired });
      await tab.client.session();
      let rounds = 0;
      for (let load = 0; load < 20; load++) {
        tab.service.isSignedIn = false;
        if ((await tab.call('/me')) === 'left') {
          rounds++;
          tab.service.signIn();
          tab.comeBack();
          await tab.client.session();
        }
        await tab.pass(minute);
      }
      expect(rounds).toBe(2);
    },
  );
});

describe('each of two tabs', () => {
  it('redirects and returns to its own address, and is informed of the other', async () => {
    const service = new Service();
    const tabs = new FakeTabs();
    const [left, right] = [new Tab(service, {}, tabs), new Tab(service, {}, tabs)];
    await Promise.all([left.client.session(), right.client.session()]);
    expect(await Promise.all([left.call('/me/messages'), right.call('/me/events')])).toEqual([
      'left',
      'left',
    ]);
    left.give('mail');
    expect(left.client.resumed).toMatchObject({ feature: 'mail' });
    expect(await left.call('/me/messages')).toBe('ok');
    expect(await left.client.session()).toMatchObject({ features: { calendar: 'not_asked' } });
    const heard: unknown[] = [];
    left.client.onSessionChange(({ session }) => heard.push(session));
    right.give('calendar');
    expect(right.client.resumed).toMatchObject({ feature: 'calendar' });
    expect(await right.call('/me/events')).toBe('ok');
    await flush();
    expect(heard).toMatchObject([{ features: { mail: 'granted', calendar: 'granted' } }]);
    expect(await left.call('/me/events')).toBe('ok');
  });

  it('counts its own redirects', async () => {
    const service = new Service();
    const tabs = new FakeTabs();
    const [left, right] = [new Tab(service, {}, tabs), new Tab(service, {}, tabs)];
    expect(await Promise.all([left.call('/me/messages'), right.call('/me/messages')])).toEqual([
      'left',
      'left',
    ]);
    left.comeBack();
    expect(await left.call('/me/messages')).toBe('BffProblem');
    right.give('mail');
    expect(await right.call('/me/messages')).toBe('ok');
    expect(await left.call('/me/messages')).toBe('ok');
    service.usable.delete('mail');
    expect(await right.call('/me/messages')).toBe('left');
  });

  it('does not redirect if the other has signed in meanwhile, and repeats its call', async () => {
    const service = new Service();
    const tabs = new FakeTabs();
    const options = { sessionRequired: 'ask' } as const;
    const [left, right] = [new Tab(service, options, tabs), new Tab(service, options, tabs)];
    service.usable.add('mail');
    await Promise.all([left.client.session(), right.client.session()]);
    service.isSignedIn = false;
    const late = Promise.withResolvers<Response>();
    const { answer } = right.page;
    right.page.answer = (sent) => (sent.path.includes('/graph/') ? late.promise : answer(sent));
    const call = right.call('/me/messages');
    expect(await left.call('/me/messages')).toBe('left');
    left.give();
    right.page.answer = answer;
    late.resolve(needsSession('session_ended'));
    expect(await call).toBe('ok');
    expect(right.isLeft).toBe(false);
  });

  it('is informed if the other returns with another user', async () => {
    const service = new Service();
    const tabs = new FakeTabs();
    const [left, right] = [new Tab(service, {}, tabs), new Tab(service, {}, tabs)];
    service.isSignedIn = false;
    await Promise.all([left.client.signIn(), right.client.signIn()]);
    left.give('mail');
    await left.client.session();
    const heard: unknown[] = [];
    left.client.onSessionChange(({ type, session }) => heard.push({ type, session }));
    service.username = 'ben@contoso.example';
    right.give('mail');
    expect(await right.call('/me/messages')).toBe('ok');
    await flush();
    expect(heard).toMatchObject([{ type: 'changed', session: { username: 'ben@contoso.example' } }]);
  });
});

/** Automatic redirects of a tab for one reason, since a click or a success of the call that caused the last one. */
interface Count {
  rounds: number;
  readonly call: string;
  readonly leftAtMs: readonly number[];
}

/** The limits by simple rules, independent of the client's implementation. */
class CountedTab extends Tab {
  readonly #counts = new Map<string, Count>();
  /** The count of the last redirect before it. */
  #before: Count | undefined;
  asked: string | undefined;

  async make(path: string): Promise<void> {
    if (this.isLeft) return;
    const question = path.includes('/events') ? 'calendar' : 'mail';
    const isSignedIn = this.service.isSignedIn;
    const end = await this.call(path);
    if (end === 'ok') for (const count of this.#counts.values()) if (count.call === path) count.rounds = 0;
    if (end === 'left') this.#count(isSignedIn ? question : 'session', path);
  }

  #count(question: string, call: string): void {
    this.asked = question;
    this.#before = this.#counts.get(question);
    const { rounds = 0, leftAtMs = [] } = this.#before ?? {};
    this.#counts.set(question, {
      rounds: rounds + 1,
      call,
      leftAtMs: [...leftAtMs, this.service.nowMs].slice(-3),
    });
  }

  check(): void {
    for (const [question, { rounds, leftAtMs }] of this.#counts) {
      expect(rounds, `rounds in vain for ${question}`).toBeLessThanOrEqual(2);
      const [first, , third] = leftAtMs;
      if (first === undefined || third === undefined) continue;
      expect(third - first, `ms for three rounds for ${question}`).toBeGreaterThanOrEqual(minute * 1000);
    }
  }

  async click(feature: string): Promise<void> {
    if (this.isLeft) return;
    await this.client.signIn({ feature });
    this.asked = feature;
    this.#counts.clear();
    this.#before = undefined;
  }

  back(how: 'given' | 'in vain' | 'signed in' | 'turned back' | 'from memory'): void {
    if (!this.isLeft) return;
    const { service, asked = '' } = this;
    if (how === 'given') this.give(asked);
    if (how === 'signed in') this.give();
    if (how === 'turned back') this.comeBack();
    if (how === 'in vain') {
      service.granted.add(asked);
      this.give();
    }
    if (how === 'from memory') {
      // The user went back, so this redirect is not one that the page could repeat by itself. A success of the call that
      // caused the redirect before it counts again.
      if (this.#before === undefined) this.#counts.delete(asked);
      else this.#counts.set(asked, this.#before);
      this.page.visited.length = 0;
      this.page.fire('pageshow', { persisted: true });
    }
  }
}

const steps: Readonly<Record<string, (tab: CountedTab) => unknown>> = {
  'reads the list': (tab) => tab.make('/me/messages'),
  'reads one message': (tab) => tab.make('/me/messages/1'),
  'reads the calendar': (tab) => tab.make('/me/events'),
  'asks who is signed in': (tab) => tab.isLeft || tab.client.session(),
  'is back, given': (tab) => tab.back('given'),
  'is back, given for one call': async (tab) => {
    tab.back('given');
    await tab.make('/me/messages');
    tab.service.usable.delete('mail');
  },
  'is back, given in vain': (tab) => tab.back('in vain'),
  'is back, given in vain, and other calls work': async (tab) => {
    tab.back('in vain');
    tab.service.usable.add('calendar');
    await tab.make('/me/events');
  },
  'is back, signed in': (tab) => tab.back('signed in'),
  'is back, refused': (tab) => tab.back('turned back'),
  'is back from memory': (tab) => tab.back('from memory'),
  'finds its mail unusable': ({ service }) => service.usable.delete('mail'),
  'finds its calendar unusable': ({ service }) => service.usable.delete('calendar'),
  'finds mail taken back': ({ service }) => service.granted.delete('mail') && service.usable.delete('mail'),
  'finds no session': ({ service }) => {
    service.isSignedIn = false;
  },
  'clicks for mail': (tab) => tab.click('mail'),
};

describe('any sequence of events', () => {
  it.for(['ask', 'silent'] as const)(
    'causes at most two useless redirects for one reason, and no three within a minute (%s)',
    async (sessionRequired) => {
      const step = fc.constantFrom(...Object.keys(steps), 'waits a moment', 'waits a minute', 'waits a day');
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.constantFrom('left' as const, 'right' as const), step), {
            maxLength: 80,
            size: 'max',
          }),
          async (sequence) => {
            const service = new Service();
            const tabs = new FakeTabs();
            const options = { sessionRequired };
            const both = {
              left: new CountedTab(service, options, tabs),
              right: new CountedTab(service, options, tabs),
            };
            for (const [side, name] of sequence) {
              await steps[name]?.(both[side]);
              // Time passes only while both pages are open.
              const seconds = { 'waits a moment': 1, 'waits a minute': minute, 'waits a day': day }[name];
              if (seconds !== undefined && !both.left.isLeft && !both.right.isLeft) {
                service.nowMs += seconds * 1000;
                await both.left.page.advance(seconds);
                await both.right.page.advance(seconds);
              }
              await flush();
              both.left.check();
              both.right.check();
            }
          },
        ),
        { numRuns: isWholeRun ? 200 : 60 },
      );
    },
  );
});
