import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BffProblem, type Client, InteractionFailed } from '../../client/client.ts';
import { isWholeRun } from '../support/scale.ts';
import {
  type FakePage,
  FakeTabs,
  flush,
  logoutUrl,
  needsConsent,
  openPage,
  origin,
  problemAnswer,
  signedIn,
  signedOut,
} from './fake-page.ts';

const features = ['mail', 'calendar', 'files'] as const;
type Feature = (typeof features)[number];

interface Call {
  readonly feature: Feature;
  readonly isWrite: boolean;
  readonly isRepeatable: boolean;
  /** The generation for which the call was made. Answers contain data of this generation. */
  readonly generation: number;
  sends: number;
  /** The user of the page when the call was first sent. */
  user?: string | undefined;
  /** The user of each attempt that was not refused because of its session tag. */
  readonly handledAs: (string | undefined)[];
  /** When the call was made, the page knew of another user and had not restarted. */
  readonly isOfEndedPage: boolean;
  ending?: 'answer' | 'error';
  /** Generation and user that the page knew when the answer arrived, and the data of the answer. */
  arrival?: { readonly generation: number; readonly shown: string | undefined; readonly data: unknown };
  /** An error of an unknown type, which a caller could not handle. */
  untyped?: unknown;
}

/** The true state by simple rules, independent of the client's implementation. */
class World {
  readonly tabs = new FakeTabs();
  readonly page: FakePage;
  readonly client: Client;
  readonly calls: Call[] = [];
  readonly granted: Set<Feature>;
  isOffline = false;
  isSignedIn = true;
  /** The user of the browser's session. */
  user = 'alice@contoso.example';
  /** The user of the last session response to the page. */
  told: string | undefined;
  /** The user that the page shows: the user of its last session event. */
  shown: string | undefined;
  /** Another user has signed in, and the page has not requested the session since. */
  isEnded = false;
  /** Counts sign-outs that this page knows of. */
  generation = 0;
  signIns = 0;
  /** Permissions that the user declined and has not clicked for since. */
  readonly refused = new Set<Feature>();
  /** Without a click, no call leaves the page. */
  readonly keepsPage: boolean;
  #held: (() => void)[] = [];
  isHolding: boolean;

  constructor(
    interaction: 'popup' | 'redirect' | 'manual',
    ifBlocked: 'throw' | 'wait' | 'redirect',
    granted: readonly Feature[],
    isHolding: boolean,
  ) {
    this.keepsPage = interaction === 'manual' || (interaction === 'popup' && ifBlocked !== 'redirect');
    this.granted = new Set(granted);
    this.isHolding = isHolding;
    const { page, client } = openPage({ tabs: this.tabs, client: { interaction, ifBlocked } });
    this.page = page;
    this.client = client;
    page.answer = (sent) => this.#answer(sent.path, sent.headers.get('x-session-tag'));
    client.onSessionChange((event) => {
      if (event.type === 'expiring' || event.type === 'signed_out') return;
      expect(event.userChanged, 'news of another user').toBe(![undefined, this.user].includes(this.shown));
      if (event.userChanged) this.isEnded = true;
      this.shown = event.session.username;
    });
  }

  async #answer(path: string, tag: string | null): Promise<Response> {
    if (this.isOffline) throw new TypeError('offline');
    const answer = this.#answerNow(path, tag);
    if (this.isHolding && path.includes('/graph/')) {
      await new Promise<void>((release) => void this.#held.push(release));
    }
    return answer;
  }

  #answerNow(path: string, tag: string | null): Response {
    if (path.endsWith('/auth/session')) {
      expect(tag).toBeNull();
      if (this.isSignedIn) this.told = this.user;
      return Response.json(this.session);
    }
    expect(tag, 'a call without a tag').not.toBeNull();
    if (path.endsWith('/auth/logout')) {
      if (this.isSignedIn && tag !== this.tag) return problemAnswer({ code: 'session_changed' }, 409);
      if (this.isSignedIn && this.told !== undefined) expect(this.user, 'who is signed out').toBe(this.told);
      this.isSignedIn = false;
      return Response.json({ logout_url: logoutUrl });
    }
    const number = Number(/call=(\d+)/.exec(path)?.[1]);
    const call = this.calls[number];
    if (call === undefined) throw new Error(`an unknown call: ${path}`);
    if (call.sends++ === 0) call.user = this.told;
    if (this.isSignedIn && tag !== this.tag) return problemAnswer({ code: 'session_changed' }, 409);
    call.handledAs.push(this.isSignedIn ? this.user : undefined);
    if (!this.isSignedIn) return problemAnswer({ code: 'session_required', reason: 'not_signed_in' }, 401);
    return this.granted.has(call.feature)
      ? Response.json({ generation: this.generation, of: this.user })
      : needsConsent(call.feature);
  }

  /** Every sign-in creates a new session, which is the worst case. */
  get tag(): string {
    return `${this.user} ${this.signIns}`;
  }

  get session(): unknown {
    if (!this.isSignedIn) return signedOut;
    const granted = features.map((name) => [name, this.granted.has(name) ? 'granted' : 'not_asked']);
    const time = new Date(Date.parse('2026-11-22T16:00:00Z') + this.signIns * 1000).toISOString();
    return signedIn({
      session_tag: this.tag,
      username: this.user,
      signed_in_at: time,
      features: Object.fromEntries(granted),
      idle_expires_at: '2026-12-22T16:00:00.000Z',
      expires_at: '2026-12-22T16:00:00.000Z',
    });
  }

  start(feature: Feature, method: string, isRepeated: boolean): void {
    const number = this.calls.length;
    const isWrite = method !== 'GET';
    const call: Call = {
      feature,
      isWrite,
      isRepeatable: !isWrite || isRepeated,
      generation: this.generation,
      sends: 0,
      handledAs: [],
      isOfEndedPage: this.isEnded,
    };
    this.calls.push(call);
    this.client.graph(`/me/${feature}?call=${number}`, { method, repeat: isRepeated }).then(
      async (response) => {
        const { generation, shown } = this;
        call.arrival = { generation, shown, data: await response.json() };
        call.ending = 'answer';
      },
      (error: unknown) => {
        call.ending = 'error';
        const isTyped = error instanceof BffProblem || error instanceof InteractionFailed;
        if (!isTyped && !(error instanceof TypeError && error.message === 'offline')) call.untyped = error;
      },
    );
  }

  release(): void {
    this.isHolding = false;
    for (const release of this.#held.splice(0)) release();
  }

  /** The user or Entra ID refuses what the popup asks for. */
  refuse(): void {
    if (this.openPopups.length > 0 && this.askedFeature !== undefined) this.refused.add(this.askedFeature);
  }

  get openPopups() {
    return this.page.popups.filter(({ closed }) => !closed);
  }

  /** The addresses for which a call has left the page. */
  get leftFor() {
    return this.page.visited.filter((url) => url.includes('ticket='));
  }

  get askedFeature(): Feature | undefined {
    return features.find((feature) => feature === this.client.interaction?.feature);
  }

  signIn(feature?: Feature): void {
    this.isSignedIn = true;
    this.signIns++;
    if (feature !== undefined) this.granted.add(feature);
  }

  /** Invariants that hold after every step. */
  check(): void {
    expect(this.openPopups.length, 'popups at once').toBeLessThanOrEqual(1);
    const { display, proceed } = this.client.interaction ?? {};
    const isPopup = display === 'popup' && proceed === undefined;
    expect(this.openPopups.length, 'popups that no call waits for').toBe(isPopup ? 1 : 0);
    for (const call of this.calls) {
      // Once more if its session was replaced, and once more after the user has interacted. Each of them once more
      // if it was refused because of its session tag.
      expect(call.handledAs.length, 'sends of a call').toBeLessThanOrEqual(3);
      expect(call.sends - call.handledAs.length, 'refused for their tags').toBeLessThanOrEqual(4);
      if (call.isOfEndedPage) expect(call.sends, 'a call of a page that has another user').toBe(0);
      const [first, ...repeated] = call.handledAs;
      // A call without a user has no effect.
      if (call.user !== undefined && first !== undefined)
        expect(first, 'as whom a call is made').toBe(call.user);
      for (const user of repeated) {
        if (call.user !== undefined) expect(user, 'as whom a call is sent again').toBe(call.user);
        else expect(call.isWrite, 'a write of an unknown user, sent again').toBe(false);
      }
      if (!call.isRepeatable) expect(call.handledAs.length, 'sends of a write').toBeLessThanOrEqual(1);
      expect(call.untyped).toBeUndefined();
      if (call.arrival !== undefined) {
        const { shown, ...arrival } = call.arrival;
        expect(arrival, 'data of a session that has ended').toMatchObject({
          generation: call.generation,
          data: { generation: call.generation },
        });
        expect(arrival.data, 'data in the page of another user').toMatchObject({ of: shown });
      }
    }
  }
}

type Step = (world: World) => void | Promise<void>;

/** One event and everything that follows from it. */
class Command implements fc.AsyncCommand<object, World> {
  readonly #name: string;
  readonly #step: Step;
  readonly #isClick: boolean;

  constructor(name: string, step: Step, isClick = false) {
    this.#name = name;
    this.#step = step;
    this.#isClick = isClick;
  }

  check(): boolean {
    return true;
  }

  async run(_model: object, world: World): Promise<void> {
    const knownEndings = world.calls.map(({ ending }) => ending);
    const opened = world.page.popups.length;
    const left = world.leftFor.length;
    await this.#step(world);
    await flush();
    await flush();
    world.check();
    if (world.keepsPage && !this.#isClick) expect(world.leftFor, 'left without a click').toHaveLength(left);
    for (const { url } of world.page.popups.slice(opened)) {
      // Only calls open an address with a ticket.
      expect([...world.refused], 'refused, and asked for without a click').not.toContain(
        url.searchParams.get('ticket'),
      );
    }
    for (const [number, ending] of knownEndings.entries()) {
      if (ending !== undefined) expect(world.calls[number]?.ending).toBe(ending);
    }
  }

  toString(): string {
    return this.#name;
  }
}

const always = (name: string, step: Step) => fc.constant(new Command(name, step));
const word = (id: unknown, outcome: unknown) => ({ type: 'entra-bff:interaction', id, outcome });

const commands = [
  fc
    .tuple(fc.constantFrom(...features), fc.constantFrom('GET', 'POST', 'PATCH'), fc.boolean())
    .map(
      ([feature, method, isRepeated]) =>
        new Command(`${method} ${feature}${isRepeated ? ', repeatable' : ''}`, (world) =>
          world.start(feature, method, isRepeated),
        ),
    ),
  fc.array(fc.constantFrom(...features), { minLength: 2, maxLength: 5 }).map(
    (asked) =>
      new Command(`GET ${asked} at once`, (world) => {
        for (const feature of asked) world.start(feature, 'GET', false);
      }),
  ),
  fc.constantFrom(...features, undefined).map(
    (feature) =>
      new Command(`click to sign in ${feature ?? ''}`, (world) => {
        if (feature !== undefined) world.refused.delete(feature);
        world.client.signIn(feature === undefined ? {} : { feature, display: 'popup' }).catch(() => {});
      }),
  ),
  fc.constant(
    new Command(
      'click to proceed',
      (world) => {
        const { askedFeature, client } = world;
        if (client.interaction?.proceed === undefined) return;
        if (askedFeature !== undefined) world.refused.delete(askedFeature);
        client.interaction.proceed();
      },
      true,
    ),
  ),
  fc.boolean().map(
    (byChannel) =>
      new Command(`the popup reports success by ${byChannel ? 'channel' : 'message'}`, (world) => {
        const popup = world.openPopups.at(-1);
        if (popup === undefined || world.isOffline) return;
        world.signIn(world.askedFeature);
        const data = word(popup.id, 'signed_in');
        if (byChannel) world.tabs.say(data);
        else world.page.fire('message', { origin, data });
      }),
  ),
  always('the popup reports success, and nothing was granted', (world) => {
    const popup = world.openPopups.at(-1);
    if (popup !== undefined) world.tabs.say(word(popup.id, 'signed_in'));
  }),
  always('the popup succeeds without a message, and the user comes back', async (world) => {
    if (world.openPopups.length === 0 || world.isOffline) return;
    world.signIn(world.askedFeature);
    world.page.fire('focus');
    await flush();
    await flush();
  }),
  fc.constantFrom('consent_declined', 'login_canceled', 'fewer_permissions', 'sign_in_refused').map(
    (outcome) =>
      new Command(`the popup ends with ${outcome}`, (world) => {
        const popup = world.openPopups.at(-1);
        world.refuse();
        if (popup !== undefined) world.tabs.say(word(popup.id, outcome));
      }),
  ),
  fc
    .constantFrom('nonsense', '', 'toString', 7, undefined)
    .map(
      (outcome) =>
        new Command(`the own popup sends ${outcome}`, (world) =>
          expectNoChange(world, (id) => world.tabs.say(word(id, outcome))),
        ),
    ),
  fc
    .tuple(
      fc.constantFrom('https://evil.example', `${origin}.evil.example`, 'null'),
      fc.constantFrom('signed_in', 'consent_declined'),
    )
    .map(
      ([from, outcome]) =>
        new Command(`${from} sends ${outcome}`, (world) =>
          expectNoChange(world, (id) => {
            world.page.fire('message', { origin: from, data: word(id, outcome) });
          }),
        ),
    ),
  fc.tuple(fc.string(), fc.constantFrom('signed_in', 'consent_declined', 'nonsense')).map(
    ([id, outcome]) =>
      new Command(`another tab’s popup sends ${outcome}`, (world) =>
        expectNoChange(world, () => {
          world.tabs.say(word(id, outcome));
          world.page.fire('message', { origin, data: word(id, outcome) });
        }),
      ),
  ),
  fc.anything().map(
    (data) =>
      new Command('noise', (world) =>
        expectNoChange(world, () => {
          world.page.fire('message', { origin, data });
          world.tabs.say(data);
        }),
      ),
  ),
  always('the user closes the popup', (world) => {
    // The client cannot rely on `closed` and keeps waiting, so the fake popup stays open.
    world.page.fire('focus');
  }),
  always('the page is shown again', (world) => world.page.fire('visibilitychange')),
  always('cancel', (world) => {
    world.refuse();
    world.client.cancel();
  }),
  always('eleven minutes', (world) => {
    world.refuse();
    return world.page.advance(11 * 60);
  }),
  fc.constantFrom('no', 'null', 'closed').map(
    (kind) =>
      new Command(`windows are blocked: ${kind}`, ({ page }) => {
        page.blocksPopups = kind as 'no' | 'null' | 'closed';
      }),
  ),
  fc.tuple(fc.constantFrom('alice@contoso.example', 'ben@contoso.example'), fc.boolean()).map(
    ([user, isTold]) =>
      new Command(`another tab signs ${user} in${isTold ? '' : ', without a message'}`, (world) => {
        world.user = user;
        world.signIn();
        if (isTold) world.tabs.say({ type: 'entra-bff:session', change: 'signed_in' });
      }),
  ),
  always('the session ends without a message', (world) => {
    world.isSignedIn = false;
  }),
  always('another tab signs out', (world) => {
    world.isSignedIn = false;
    world.generation++;
    world.isEnded = false;
    world.tabs.say({ type: 'entra-bff:session', change: 'signed_out' });
  }),
  always('the page restarts', async (world) => {
    await world.client.session().then(
      () => {
        world.isEnded = false;
      },
      () => {},
    );
  }),
  always('sign out', (world) => {
    if (!world.isOffline) world.generation++;
    world.client.signOut().catch(() => {});
  }),
  always('offline', (world) => {
    world.isOffline = true;
  }),
  always('online', (world) => {
    world.isOffline = false;
  }),
  always('answers take long', (world) => {
    world.isHolding = true;
  }),
  always('answers come', (world) => world.release()),
];

async function expectNoChange(world: World, step: (id: string) => void): Promise<void> {
  const { interaction } = world.client;
  const sent = world.page.sent.length;
  const endings = world.calls.map(({ ending }) => ending);
  step(world.openPopups.at(-1)?.id ?? '');
  await flush();
  expect(world.client.interaction).toBe(interaction);
  expect(world.page.sent).toHaveLength(sent);
  expect(world.calls.map(({ ending }) => ending)).toEqual(endings);
}

/** Expects that everything that still waits ends by itself, without further answers. */
async function expectAllToSettle(world: World): Promise<void> {
  world.release();
  for (let round = 0; round < 10 * (world.calls.length + 5); round++) {
    await flush();
    if (world.client.interaction === undefined && world.calls.every(({ ending }) => ending)) break;
    await world.page.advance(10 * 60);
  }
  world.check();
  expect(world.calls.filter(({ ending }) => ending === undefined)).toEqual([]);
  expect(world.client.interaction).toBeUndefined();
}

describe('interactions and the session', () => {
  it.for(['popup', 'redirect', 'manual'] as const)(
    'satisfy all invariants in any order of events (%s)',
    async (interaction) => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('throw', 'wait', 'redirect'),
          fc.subarray([...features]),
          fc.boolean(),
          // With the default size, fast-check would stop at ten.
          fc.commands(commands, { maxCommands: 40, size: 'max' }),
          async (ifBlocked, granted, isHolding, sequence) => {
            const world = new World(interaction, ifBlocked, granted, isHolding);
            await fc.asyncModelRun(() => ({ model: {}, real: world }), sequence);
            await expectAllToSettle(world);
          },
        ),
        { numRuns: (interaction === 'popup' ? 100 : 25) * (isWholeRun ? 4 : 1) },
      );
    },
  );
});
