import type { Display, IfBlocked, Interaction } from './interaction.ts';
import type { Page } from './page.ts';
import type { BffProblem } from './problem.ts';
import type { ResumedInteraction } from './redirect-note.ts';
import type { Session } from './session.ts';
import type { SessionEvent } from './session-event.ts';

export interface ClientOptions {
  /** Path of the functions on the page's own origin; default `/api`. */
  readonly basePath?: string;
  /**
   * What a call does if it needs an interaction with the user; default `popup`.
   * - `popup`: asks in a window, so the page keeps its state, and then repeats the call.
   * - `redirect`: leaves the page and comes back.
   * - `manual`: throws. The page then offers a button that calls `interact`.
   */
  readonly interaction?: Display | 'manual';
  /**
   * What a call does if the browser blocks its window; default `throw`. Safari blocks every window that does not open
   * during a click, and other browsers block windows that open long after a click.
   * - `throw`: throws `blocked`. The page then offers a button that calls `interact`.
   * - `wait`: waits until the page calls `interaction.proceed` in the click handler of a button, and then continues.
   * - `redirect`: leaves the page and comes back.
   */
  readonly ifBlocked?: IfBlocked;
  /**
   * What a call does if no user is signed in; default `throw`.
   * - `ask`: asks the user as `interaction` says.
   * - `silent`: if a session has ended, redirects once to Microsoft, which asks nothing. A user who is still signed in there
   *   is signed in again. If the user has signed out or has never signed in, throws.
   */
  readonly sessionRequired?: 'throw' | 'ask' | 'silent';
  /**
   * How many calls are in progress at a time; default 16. Further calls wait, in order. The service refuses more than 64 of
   * one user. `Infinity` lets all calls go at once.
   */
  readonly maxCalls?: number;
  /**
   * Whether a GET or HEAD is sent again after a 429, a 503 of the API, or `upstream_unavailable`, if its `Retry-After` is at
   * most five seconds; default true. It is sent again twice at most. Set it to false below a library that does so itself.
   */
  readonly retry?: boolean;
  /** The event `expiring` is sent this many seconds before the session ends; default 120. */
  readonly warningSeconds?: number;
  /** The window; tests pass their own. */
  readonly page?: Page;
}

export interface SignInOptions {
  /** Also asks for the permissions of this feature. */
  readonly feature?: string;
  /** The path of this origin to which a redirect returns; default the current URL. */
  readonly returnTo?: string;
  readonly display?: Display;
  /**
   * Redirects without asking the user anything. After a failed attempt, a further one throws `login_required` for 15 minutes
   * or until a user is signed in.
   */
  readonly silent?: boolean;
}

export interface CallInit extends RequestInit {
  /** Also repeats a write after the interaction that it needed. GET and HEAD requests are always repeated. */
  readonly repeat?: boolean;
  /** Replaces the client's option `retry` for this call. */
  readonly retry?: boolean;
}

/** One page of a list of Graph. Its members are as Graph sends them. */
export interface GraphPage {
  readonly value: readonly unknown[];
  readonly '@odata.nextLink'?: string;
  /** In the last page of a list of changes: reads later changes, also with `pages`. */
  readonly '@odata.deltaLink'?: string;
  readonly [name: string]: unknown;
}

/** `redirecting`: the browser is leaving the page. */
export type SignInResult = 'signed_in' | 'redirecting';

export interface Client {
  /**
   * Returns the session, or `signed_in: false` if no user is signed in. The request does not extend the session. After
   * another user has signed in, `graph`, `fetch`, `src`, `interact` and `signOut` throw `user_changed` until the page calls
   * this.
   * @throws {BffProblem}
   */
  session(): Promise<Session>;
  /**
   * Calls the listener for every change, in other tabs too, and before the session ends.
   * @returns a function that unsubscribes
   */
  onSessionChange(listener: (event: SessionEvent) => void): () => void;
  /** Signs in. Call it in the click handler, because browsers block windows that open later. @throws {InteractionFailed} */
  signIn(options?: SignInOptions): Promise<SignInResult>;
  /** Ends the session, then leaves the page to end the session at Microsoft too. @throws {BffProblem | InteractionFailed} */
  signOut(): Promise<void>;
  /**
   * Calls Microsoft Graph with a path (`graph('/me')`), or with a link from a response (`@odata.nextLink`) or a `Request`
   * for such a link. Returns error responses of Graph unchanged.
   * @throws {BffProblem | InteractionFailed}
   */
  graph(input: string | URL | Request, init?: CallInit): Promise<Response>;
  /**
   * Reads a list page by page: `for await (const page of pages('/me/messages'))`. Follows `@odata.nextLink` to the end. Ends
   * with an error if a page is missing: a response of Graph that is not 2xx, which is the `cause`, or a link that the
   * service has removed, with the reason.
   * @param path as for `graph`, also `@odata.deltaLink` of an earlier last page
   * @param init for every page, for example `headers`
   * @throws {BffProblem | InteractionFailed | Error}
   */
  pages(path: string, init?: CallInit): AsyncGenerator<GraphPage, void>;
  /**
   * Calls any URL of this origin with the header that proves a same-origin call. As with `fetch` itself, a `Request` is
   * taken as a whole, and `init` replaces its members.
   * @throws {BffProblem | InteractionFailed}
   */
  fetch(input: string | URL | Request, init?: CallInit): Promise<Response>;
  /**
   * Returns a URL of this origin for a link, an image or a download, to which a page cannot add a header. It works
   * only for the current user of this page. Call it after `session()`, at the moment the URL is used.
   * @throws {TypeError | InteractionFailed}
   */
  src(path: string): string;
  /** Starts the interaction that a problem requires. Call it in the click handler. @throws {InteractionFailed} */
  interact(problem: BffProblem, options?: Pick<SignInOptions, 'returnTo' | 'display'>): Promise<SignInResult>;
  /** What the user is being asked for right now. */
  readonly interaction: Interaction | undefined;
  onInteractionChange(listener: () => void): () => void;
  /** Stops waiting for the user. Waiting calls throw `canceled`. */
  cancel(): void;
  /**
   * Set if the browser left this page for an interaction and has returned. Undefined once the session shows another
   * user than before. No call was repeated, so the page must continue by itself.
   */
  readonly resumed: ResumedInteraction | undefined;
}
