import { type Ending, type FailureKind, InteractionFailed } from './interaction-failed.ts';
import {
  createInteractions,
  type Display,
  type Interaction,
  type Need,
  signInKey,
  silentKey,
} from './interactions.ts';
import { toCallUrl, toOwnUrl } from './own-url.ts';
import type { Page } from './page.ts';
import { BffProblem, readProblem } from './problem.ts';
import { read, readLink } from './read.ts';
import { limitRounds } from './rounds.ts';
import type { Session } from './session.ts';
import { type SessionEvent, watchSession } from './session-watch.ts';
import { joinTabs } from './tabs.ts';
import { forgetSilentRound, isSilentRoundNoted, type Resumed, readWayBack } from './way-back.ts';

export { type FailureKind, InteractionFailed } from './interaction-failed.ts';
export type { Display, Interaction } from './interactions.ts';
export { BffProblem } from './problem.ts';
export type { FeatureState, Session, SignedIn, SignedOut } from './session.ts';
export type { SessionEvent } from './session-watch.ts';
export type { Resumed } from './way-back.ts';

export interface ClientOptions {
  /** Where the functions are on the page's own origin; `/api` when left out. */
  readonly basePath?: string;
  /**
   * What a call does by itself when only the person can help. `popup`: asks in a window, keeps what the page shows and
   * repeats the call; where the browser blocks windows, it leaves the page instead. `redirect`: leaves the page.
   * `manual`: throws, and the page offers a button for `interact`. `popup` when left out.
   */
  readonly interaction?: Display | 'manual';
  /**
   * What a call does when nobody is signed in. `throw`, when left out. `ask`: as for an interaction. `silent`: one
   * round through Microsoft that shows nothing where the person is still signed in there.
   */
  readonly sessionRequired?: 'throw' | 'ask' | 'silent';
  /** How long before its end `expiring` warns; 120 when left out. */
  readonly warningSeconds?: number;
  /** The window; tests give one of their own. */
  readonly page?: Page;
}

export interface SignInOptions {
  /** Ask for this feature's permissions at the same time. */
  readonly feature?: string;
  /** A path of this origin, for a redirect; where the person is now when left out. */
  readonly returnTo?: string;
  readonly display?: Display;
  /** Leaves the page for a round that asks nothing; at most one until somebody is signed in. */
  readonly silent?: boolean;
}

export interface CallInit extends RequestInit {
  /** Send this write again when the person has given what it needed. GET and HEAD always are. */
  readonly repeat?: boolean;
}

/** `redirecting`: the page is being left. */
export type Asked = 'signed_in' | 'redirecting';

export interface Client {
  /**
   * Returns the signed-in user's session. The request does not extend the session. After another user has
   * signed in, every other call throws `user_changed` until the page calls this.
   * @throws {BffProblem}
   */
  session(): Promise<Session>;
  /** Hears of every change, other tabs' included, and of an end that comes near. @returns what stops it */
  onSessionChange(listener: (event: SessionEvent) => void): () => void;
  /** Signs in. Call it in the click: browsers block windows that open later. @throws {InteractionFailed} */
  signIn(options?: SignInOptions): Promise<Asked>;
  /** Ends the session, then leaves the page to end the one at Microsoft too. @throws {BffProblem} */
  signOut(): Promise<void>;
  /**
   * Calls Microsoft Graph: `graph('/me')`, or a link of its answers (`@odata.nextLink`). Graph's own errors are returned as
   * they came.
   * @throws {BffProblem | InteractionFailed}
   */
  graph(path: string, init?: CallInit): Promise<Response>;
  /** Calls any address of this origin, with the proof that the call is ours. @throws {BffProblem | InteractionFailed} */
  fetch(url: string | URL, init?: CallInit): Promise<Response>;
  /**
   * An address of this origin for a link, an image or a download, to which a page cannot add a header. It works
   * only for the current user of this page. Call it after `session()`, at the moment the address is used.
   * @throws {TypeError | InteractionFailed}
   */
  src(path: string): string;
  /** Asks for what a problem names, at a click. @throws {InteractionFailed} */
  interact(problem: BffProblem, options?: Pick<SignInOptions, 'returnTo' | 'display'>): Promise<Asked>;
  /** What the person is being asked right now. */
  readonly interaction: Interaction | undefined;
  onInteractionChange(listener: () => void): () => void;
  /** Stops waiting for the person; what waits is thrown as `cancelled`. */
  cancel(): void;
  /** Set when this page was left for the person and is back: nothing was sent again, go on from here. */
  readonly resumed: Resumed | undefined;
}

/** The browser's side of the BFF: it knows who is signed in, calls Graph, and never sees a token. */
export function createClient(options: ClientOptions = {}): Client {
  const { basePath = '/api', interaction = 'popup', sessionRequired = 'throw', page = globalThis } = options;
  const wayBack =
    page.document === undefined
      ? { rounds: { keys: [] }, user: undefined, resumed: undefined }
      : readWayBack(page);
  const rounds = limitRounds(page, wayBack.rounds);
  const usualDisplay = interaction === 'redirect' ? 'redirect' : 'popup';
  /**
   * Valid while the page belongs to the same user. It is aborted at sign-out and when another user signs in. A
   * call from before that returns no response, and a body that is still arriving ends.
   */
  let scope = new AbortController();
  let signingOut: Promise<void> | undefined;

  const sessions = watchSession(
    page,
    options.warningSeconds ?? 120,
    async () => {
      await signingOut?.catch(() => {});
      return requireAnswer(await send(ownUrl('/auth/session'), { cache: 'no-store' }));
    },
    (session, userChanged) => {
      if (session.signed_in) forgetSilentRound(page);
      rounds.noticed(session);
      if (userChanged) scope.abort(new InteractionFailed('user_changed'));
      interactions.noticed(session);
      if (userChanged) interactions.endAll('user_changed');
    },
    wayBack.user,
  );
  const interactions = createInteractions(page, rounds, sessions, (change) => tellTabs(change));
  const tellTabs = page.document === undefined ? () => {} : joinTabs(page, hear);
  if (page.document !== undefined) listen(page.document);
  if (wayBack.resumed !== undefined) tellTabs('changed');

  return {
    async session() {
      const session = await sessions.read();
      // `session()` tells the page which user it is for.
      if (scope.signal.aborted) scope = new AbortController();
      return session;
    },
    onSessionChange: sessions.subscribe,
    async signIn({ feature, returnTo, display = usualDisplay, silent = false } = {}) {
      if (silent && wasTriedSilently()) throw new InteractionFailed('login_required');
      const url = ownUrl('/auth/login');
      if (feature !== undefined) url.searchParams.set('feature', feature);
      const key = feature === undefined ? signInKey : `consent_required ${feature}`;
      const place = placeOf(returnTo);
      return settle({ ...(silent ? silently : { key, display, deliberate: true }), url, place, feature });
    },
    async interact(problem, { returnTo, display = usualDisplay } = {}) {
      scope.signal.throwIfAborted();
      return settle({ ...needOf(problem, display), place: placeOf(returnTo), deliberate: true }, problem);
    },
    signOut,
    async graph(path, init) {
      return call(graphUrl(path), init);
    },
    fetch: call,
    src(path) {
      scope.signal.throwIfAborted();
      const { href } = toCallUrl(path, page.location.origin);
      return `${href}${href.includes('?') ? '&' : '?'}session_tag=${tag()}`;
    },
    get interaction() {
      return interactions.current;
    },
    onInteractionChange: interactions.subscribe,
    cancel: () => interactions.endAll('cancelled'),
    get resumed() {
      // Another user has signed in, or it is not known yet which user is signed in. Nothing continues for that
      // user.
      return wayBack.user === undefined || wayBack.user === sessions.user ? wayBack.resumed : undefined;
    },
  };

  async function call(address: string | URL, { repeat = false, ...init }: CallInit = {}): Promise<Response> {
    const url = toCallUrl(String(address), page.location.origin);
    const mine = scope.signal;
    requireNoEnd();
    // The client makes no call before it knows the user.
    await untilAborted(sessions.begun(), init.signal);
    const since = interactions.turn;
    const caller = sessions.user;
    const name = `${init.method ?? 'GET'} ${url.pathname}`;
    let answer = await sendNow();
    if (answer instanceof BffProblem && answer.code === 'session_required' && caller !== undefined) {
      // The session may have been replaced meanwhile, by a sign-in in another tab: the browser has a new cookie then.
      const session = await untilAborted(
        sessions.read().catch(() => undefined),
        init.signal,
      );
      requireNoEnd();
      if (session?.signed_in) answer = await sendAgain(answer);
    }
    if (!(answer instanceof BffProblem)) return answer;
    const ending = await untilAborted(askFor(answer, name, since), init.signal);
    if (ending !== 'signed_in') throw failed(ending, answer);
    const second = await sendAgain(answer);
    if (!(second instanceof BffProblem)) return second;
    // Given and still not enough: the next call must not ask for it once more.
    if (isAskable(second)) rounds.spend(keyOf(second));
    throw second;

    async function sendAgain(problem: BffProblem): Promise<Response | BffProblem> {
      // A write is repeated only for the user who made it.
      if (!isRepeatable(init, repeat && caller !== undefined))
        throw new InteractionFailed('not_repeated', problem);
      const session = await sessions.read();
      requireNoEnd();
      if (caller !== undefined && !session.signed_in)
        throw new InteractionFailed('signed_out_meanwhile', problem);
      return sendNow();
    }

    async function sendNow(): Promise<Response | BffProblem> {
      let answer = await sendOnce();
      if (answer instanceof BffProblem && answer.code === 'session_changed') {
        // The server refused the call before it did anything. A write can therefore be sent again if the user
        // is the same.
        await untilAborted(
          sessions.read().catch(() => {}),
          init.signal,
        );
        requireNoEnd();
        if (!isRepeatable(init, true)) throw new InteractionFailed('not_repeated', answer);
        answer = await sendOnce();
      }
      sessions.used();
      if (!(answer instanceof BffProblem) && answer.ok) rounds.worked(name);
      return answer;
    }

    async function sendOnce(): Promise<Response | BffProblem> {
      requireNoEnd();
      const answer = await send(url, init, mine);
      requireNoEnd();
      return answer;
    }

    function requireNoEnd(): void {
      mine.throwIfAborted();
      if (signingOut !== undefined) throw new InteractionFailed('signed_out_meanwhile');
    }
  }

  /** @throws {BffProblem} where nobody is to be asked without a click */
  async function askFor(problem: BffProblem, call: string, since: number): Promise<Ending> {
    if (!isAskable(problem) || interaction === 'manual') throw problem;
    const isSilent = problem.code === 'session_required' && sessionRequired === 'silent';
    // Whoever has signed out, or never was signed in, is not signed in behind their back.
    if (isSilent && (problem.reason === 'not_signed_in' || wasTriedSilently())) throw problem;
    const need = { ...needOf(problem, usualDisplay), call, deliberate: false, ...(isSilent && silently) };
    if (rounds.isSpent(need.key, need.feature)) throw problem;
    return interactions.ask(need, since);
  }

  function isAskable({ code }: BffProblem): boolean {
    return code === 'interaction_required' || (code === 'session_required' && sessionRequired !== 'throw');
  }

  /** Whether it was in vain: the round for which this page is being left helps whoever comes meanwhile too. */
  function wasTriedSilently(): boolean {
    return interactions.current?.display !== 'redirect' && isSilentRoundNoted(page);
  }

  async function settle(need: Need, problem?: BffProblem): Promise<Asked> {
    const ending = await interactions.ask(need);
    if (ending === 'signed_in' || ending === 'redirecting') return ending;
    throw failed(ending, problem);
  }

  function failed(kind: FailureKind, problem?: BffProblem): InteractionFailed {
    const isForAdministrator = kind === 'admin_consent_required';
    return new InteractionFailed(
      kind,
      problem,
      isForAdministrator ? interactions.adminConsentUrl : undefined,
    );
  }

  async function signOut(): Promise<void> {
    scope.signal.throwIfAborted();
    try {
      await leave();
    } catch (error) {
      if (!(error instanceof BffProblem) || error.code !== 'session_changed') throw error;
      const mine = scope.signal;
      await sessions.read();
      mine.throwIfAborted();
      await leave();
    }
  }

  function leave(): Promise<void> {
    signingOut ??= leaveNow().finally(() => {
      signingOut = undefined;
    });
    return signingOut;
  }

  async function leaveNow(): Promise<void> {
    forget();
    const answer = requireAnswer(await send(ownUrl('/auth/logout'), { method: 'POST' }, scope.signal));
    const document: unknown = await answer.json().catch(() => undefined);
    signedOut();
    tellTabs('signed_out');
    page.location.assign(parseLogoutUrl(document, page.location.origin));
  }

  /** From now on no answer to an earlier call is given out, and nobody is asked for what it needed. */
  function forget(): void {
    scope.abort(new InteractionFailed('signed_out_meanwhile'));
    scope = new AbortController();
    interactions.endAll('signed_out_meanwhile');
  }

  function signedOut(): void {
    forget();
    sessions.learn({ signed_in: false, login_url: `${basePath}/auth/login` });
  }

  /**
   * @param mine ends the call when the user's time on this page ends; omitted for calls that do not belong to a
   * user
   */
  async function send(url: URL, init: RequestInit, mine?: AbortSignal): Promise<Response | BffProblem> {
    const headers = new Headers(init.headers);
    headers.set('X-CSRF', '1');
    if (mine !== undefined) headers.set('X-Session-Tag', tag());
    const { signal } = init;
    const ends = mine && signal ? joined([signal, mine]) : (mine ?? signal ?? null);
    const response = await page.fetch(url.href, { ...init, headers, signal: ends });
    return (await readProblem(response)) ?? response;
  }

  function hear(message: unknown): void {
    interactions.hear(message);
    if (read(message, 'type') !== 'entra-bff:session') return;
    if (read(message, 'change') === 'signed_out') signedOut();
    else lookAgain();
  }

  function listen(document: NonNullable<Page['document']>): void {
    page.addEventListener('message', ({ origin, data }) => {
      if (origin === page.location.origin) interactions.hear(data);
    });
    const noticeReturn = () => {
      // A popup that is cut off cannot tell that it is closed: look when the person is back here.
      if (interactions.current !== undefined) lookAgain();
      sessions.used(); // in another tab, where they may have been
    };
    page.addEventListener('focus', noticeReturn);
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') noticeReturn();
    });
    page.addEventListener('pageshow', ({ persisted }) => {
      if (!persisted) return;
      // Back from the browser's memory: the redirect is over, and the session may be too.
      if (interactions.current?.display === 'redirect') interactions.endAll('cancelled');
      lookAgain();
    });
  }

  /** The server refuses the tag `none` if a user is signed in whom this page does not know yet. */
  function tag(): string {
    const { known } = sessions;
    return (known?.signed_in && known.session_tag) || 'none';
  }

  /** For its news only: whoever needs the answer asks again and sees the error. */
  function lookAgain(): void {
    void sessions.read().catch(() => {});
  }

  function needOf(problem: BffProblem, display: Display): Omit<Need, 'deliberate'> {
    const { loginUrl, feature, reason, scopes } = problem;
    if (loginUrl === undefined) throw new TypeError('The problem has no login_url.');
    const url = toOwnUrl(loginUrl, page.location.origin);
    if (url.pathname !== ownUrl('/auth/login').pathname)
      throw new TypeError('The address does not start a sign-in.');
    return { key: keyOf(problem), url, display, place: placeOf(), feature, reason, scopes };
  }

  function placeOf(path?: string): URL {
    const { origin, pathname, search, hash } = page.location;
    return toOwnUrl(path ?? origin + pathname + search + hash, origin);
  }

  function graphUrl(path: string): URL {
    const { href } = ownUrl('/graph/');
    // A link is absolute, or begins as ours do; no path of Graph does.
    const isPath = path.startsWith('/') && !path.startsWith(`${basePath}/graph/`);
    const url = toCallUrl(isPath ? `${href}v1.0${path}` : path, page.location.origin);
    if (!url.href.startsWith(href)) throw new TypeError('Not a path of Graph, which begins with "/".');
    return url;
  }

  function ownUrl(path: string): URL {
    return toOwnUrl(basePath + path, page.location.origin);
  }
}

const silently = { key: silentKey, display: 'redirect', deliberate: false } as const;

function keyOf({ code, reason = 'consent_required', feature = '', scopes }: BffProblem): string {
  if (code === 'session_required' || /^(refresh|sign_in)_/.test(reason)) return signInKey;
  // Whoever has shown a second factor has shown it for every feature. Claims differ, and are not seen here.
  return reason === 'two_factor_required' ? reason : `${reason} ${feature}:${[...scopes].sort()}`;
}

function isRepeatable({ method = 'GET', body }: RequestInit, repeat: boolean): boolean {
  return /^(GET|HEAD)$/i.test(method) || (repeat && !(body instanceof ReadableStream));
}

function requireAnswer(answer: Response | BffProblem): Response {
  if (answer instanceof BffProblem) throw answer;
  return answer;
}

function joined(signals: AbortSignal[]): AbortSignal {
  if (AbortSignal.any) return AbortSignal.any(signals);
  const both = new AbortController();
  for (const signal of signals) {
    const abort = () => both.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  }
  return both.signal;
}

/** Gives up waiting, not the interaction: others may wait for it too. */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal | null | undefined) {
  if (!signal) return promise;
  return new Promise<Value>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject);
  });
}

/** Entra ID's sign-out address. Plain http is allowed only if the page itself runs in development. */
function parseLogoutUrl(answer: unknown, origin: string): string {
  const url = readLink(answer, 'logout_url');
  if (
    !url ||
    !/^[^?#]*\/oauth2\/v2\.0\/logout(\?|$)/.test(url) ||
    !/^https:|^http:.* http:/.test(`${url} ${origin}`)
  ) {
    throw new TypeError('The response has no logout_url.');
  }
  return url;
}
