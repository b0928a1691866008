import { type ClientOptions, createClient } from '../../client/client.ts';
import type { Page, PageEvent } from '../../client/page.ts';

export const origin = 'https://app.example';

/** The address to which the service sends a page after a sign-out. */
export const logoutUrl =
  'https://login.example/t/oauth2/v2.0/logout?post_logout_redirect_uri=https%3A%2F%2Fapp.example%2F';

export interface Sent {
  readonly url: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: RequestInit['body'];
  /** What the client passed to `fetch` in place of a URL. */
  readonly request: Request | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface FakePopup {
  readonly url: URL;
  /** The id that the client chose for the popup. */
  readonly id: string;
  closed: boolean;
  focused: number;
  close(): void;
  focus(): void;
}

/** The messages between the tabs of one browser. They arrive asynchronously, as in a browser. */
export class FakeTabs {
  readonly #channels = new Set<FakeChannel>();
  readonly said: unknown[] = [];

  join(channel: FakeChannel): void {
    this.#channels.add(channel);
  }

  say(message: unknown, from?: FakeChannel): void {
    this.said.push(message);
    for (const channel of this.#channels) {
      if (channel !== from) queueMicrotask(() => channel.onmessage?.({ data: message } as MessageEvent));
    }
  }
}

class FakeChannel {
  onmessage: ((event: MessageEvent) => void) | null = null;
  readonly #tabs: FakeTabs;

  constructor(tabs: FakeTabs) {
    this.#tabs = tabs;
    tabs.join(this);
  }

  postMessage(message: unknown): void {
    this.#tabs.say(message, this);
  }
}

export class FakeStorage {
  readonly entries: Map<string, string>;
  constructor(entries = new Map<string, string>()) {
    this.entries = entries;
  }
  getItem(name: string): string | null {
    return this.entries.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.entries.set(name, value);
  }
  removeItem(name: string): void {
    this.entries.delete(name);
  }
}

export type Answer = (sent: Sent) => Response | Promise<Response>;

export interface FakePageOptions {
  readonly path?: string;
  readonly answer?: Answer;
  readonly tabs?: FakeTabs;
  readonly storage?: FakeStorage | 'forbidden';
  readonly channels?: 'missing' | 'forbidden';
  readonly nowMs?: number;
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Replaces a browser's window: records what the client does. Only the test moves its clock. */
export class FakePage implements Page {
  readonly sent: Sent[] = [];
  readonly visited: string[] = [];
  readonly popups: FakePopup[] = [];
  blocksPopups: 'no' | 'null' | 'closed' = 'no';
  answer: Answer;
  nowMs: number;
  readonly location;
  readonly history;
  readonly document;
  readonly tabs: FakeTabs;
  readonly BroadcastChannel: Page['BroadcastChannel'];
  readonly Date = { now: () => this.nowMs };
  readonly crypto = globalThis.crypto;
  readonly #storage: FakeStorage | 'forbidden';
  readonly #timers = new Set<Timer>();
  readonly #listeners = new Map<string, ((event: PageEvent) => void)[]>();

  constructor(options: FakePageOptions = {}) {
    const { tabs = new FakeTabs(), storage = new FakeStorage(), channels } = options;
    this.nowMs = options.nowMs ?? Date.parse('2026-11-22T16:00:00Z');
    this.answer = options.answer ?? (() => Response.json({}));
    this.tabs = tabs;
    this.#storage = storage;
    const { pathname, search, hash } = new URL(options.path ?? '/inbox?view=new#latest', origin);
    const location = {
      origin,
      pathname,
      search,
      hash,
      assign: (url: string | URL) => void this.visited.push(String(url)),
      replace: (url: string | URL) => void this.visited.push(String(url)),
    };
    this.location = location;
    this.history = {
      state: null,
      replaceState: (_state: unknown, _title: string, url?: string | URL | null) => {
        const target = new URL(String(url));
        Object.assign(location, { pathname: target.pathname, search: target.search, hash: target.hash });
      },
    };
    this.document = {
      visibilityState: 'visible',
      addEventListener: (type: string, listener: () => void) => this.addEventListener(type, listener),
    };
    this.BroadcastChannel = class extends FakeChannel {
      constructor() {
        if (channels !== undefined) throw new TypeError(`channels are ${channels}`);
        super(tabs);
      }
    };
  }

  get sessionStorage(): FakeStorage {
    if (this.#storage === 'forbidden') throw new DOMException('denied', 'SecurityError');
    return this.#storage;
  }

  async fetch(input: URL | Request, init: RequestInit): Promise<Response> {
    const url = input instanceof Request ? input.url : input.href;
    const { pathname, search } = new URL(url);
    const sent = {
      url,
      path: pathname + search,
      method: init.method ?? 'GET',
      headers: new Headers(init.headers),
      body: init.body ?? null,
      request: input instanceof Request ? input : undefined,
      signal: init.signal ?? undefined,
    };
    this.sent.push(sent);
    return this.answer(sent);
  }

  open(address: string): FakePopup | null {
    if (this.blocksPopups === 'null') return null;
    const url = new URL(address);
    const popup: FakePopup = {
      url,
      id: /^popup\.([\w-]{8,64})$/.exec(url.searchParams.get('display') ?? '')?.[1] ?? '',
      closed: this.blocksPopups === 'closed',
      focused: 0,
      close: () => {
        popup.closed = true;
      },
      focus: () => {
        popup.focused++;
      },
    };
    this.popups.push(popup);
    return popup;
  }

  setTimeout(run: () => void, ms: number): unknown {
    const timer = { at: this.nowMs + ms, run };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    for (const known of this.#timers) if (known === timer) this.#timers.delete(known);
  }

  addEventListener(type: string, listener: (event: PageEvent) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  fire(type: string, event: PageEvent = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  /** Moves the clock. Due timers run in order, including timers that they start. */
  async advance(seconds: number): Promise<void> {
    const until = this.nowMs + seconds * 1000;
    for (;;) {
      const [due] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (due === undefined) break;
      this.#timers.delete(due);
      this.nowMs = Math.max(this.nowMs, due.at);
      due.run();
      await flush();
    }
    this.nowMs = until;
  }
}

/** Creates a client in a page at `/inbox?view=new#latest`. */
export function openPage(options: FakePageOptions & { client?: ClientOptions } = {}) {
  const page = new FakePage(options);
  return { page, client: createClient({ ...options.client, page }) };
}

/** All requests of a page except those for the session. */
export const callsOf = ({ sent }: FakePage): readonly Sent[] =>
  sent.filter(({ path }) => !path.endsWith('/auth/session'));

/** Lets all promises settle that wait for nothing else. */
export const flush = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export const problemAnswer = (
  document: { readonly code: string; readonly [name: string]: unknown },
  status: number,
  headers: Record<string, string> = {},
): Response =>
  new Response(JSON.stringify(document), {
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'bff-problem': document.code,
      ...headers,
    },
  });

export const needsConsent = (feature = 'mail', scopes: readonly string[] = ['Mail.Read']): Response =>
  needsInteraction('consent_required', feature, scopes);

export const needsInteraction = (reason: string, feature: string, scopes: readonly string[]): Response =>
  problemAnswer(
    {
      code: 'interaction_required',
      reason,
      login_url: `/api/auth/login?ticket=${feature}`,
      feature,
      scopes,
      correlation_id: 'c0ffee',
    },
    401,
  );

export const needsSession = (reason = 'session_idle'): Response =>
  problemAnswer({ code: 'session_required', reason, login_url: '/api/auth/login' }, 401);

export const signedOut = { signed_in: false, login_url: '/api/auth/login' };

export const signedIn = (more: Readonly<Record<string, unknown>> = {}) => ({
  signed_in: true,
  session_tag: 'tag-of-alice',
  name: 'Alice Adams',
  username: 'alice@contoso.example',
  tenant_id: 't',
  roles: [],
  can: {},
  features: {},
  signed_in_at: '2026-11-22T15:00:00.000Z',
  expires_at: '2026-11-23T03:00:00.000Z',
  idle_expires_at: '2026-11-22T17:00:00.000Z',
  login_url: '/api/auth/login',
  ...more,
});

export const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
