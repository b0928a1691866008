import { toOwnUrl } from './own-url.ts';
import { type BffProblem, readProblem } from './problem.ts';
import { parseSession, type Session } from './session.ts';

export { BffProblem } from './problem.ts';
export type { FeatureState, Session, SignedIn, SignedOut } from './session.ts';

export interface ClientOptions {
  /** Where the functions are on the page's own origin. */
  readonly basePath?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly location?: PageLocation;
}

/** What the client needs of the browser's `location`. */
export type PageLocation = Pick<Location, 'origin' | 'pathname' | 'search' | 'assign'>;

export interface SignInOptions {
  /** Ask for this feature's permissions at the same time. */
  readonly feature?: string;
  /** A path of this origin; where the person is now when left out. */
  readonly returnTo?: string;
}

export interface Client {
  /** Who is signed in. Asking does not keep the session alive. @throws {BffProblem} */
  session(): Promise<Session>;
  /** Leaves the page to sign in. */
  signIn(options?: SignInOptions): void;
  /** Ends the session, then leaves the page to end the one at Microsoft too. @throws {BffProblem} */
  signOut(): Promise<void>;
  /** Calls Microsoft Graph: `graph('/me')`. Graph's own errors are returned as they came. @throws {BffProblem} */
  graph(path: string, init?: RequestInit): Promise<Response>;
  /** Calls any address of this origin, with the proof that the call is ours. @throws {BffProblem} */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** Leaves the page for what only the person can give (consent, a second factor), and comes back to it. */
  interact(problem: BffProblem): void;
}

/** The browser's side of the BFF: it knows who is signed in, calls Graph, and never sees a token. */
export function createClient(options: ClientOptions = {}): Client {
  const { basePath = '/api', location = globalThis.location } = options;
  // Found when called: a browser's fetch runs only as a method of its window, and may be wrapped later.
  const send = options.fetch ?? ((url, init) => globalThis.fetch(url, init));

  return {
    async session() {
      const response = await call(`${basePath}/auth/session`, { cache: 'no-store' });
      return parseSession(await response.json());
    },
    signIn({ feature, returnTo } = {}) {
      const loginUrl = toOwnUrl(`${basePath}/auth/login`, location.origin);
      if (feature !== undefined) loginUrl.searchParams.set('feature', feature);
      leaveFor(loginUrl, returnTo);
    },
    async signOut() {
      const response = await call(`${basePath}/auth/logout`, { method: 'POST' });
      location.assign(parseLogoutUrl(await response.json()));
    },
    async graph(path, init) {
      if (!path.startsWith('/')) throw new TypeError('A path of Graph begins with "/".');
      return call(`${basePath}/graph/v1.0${path}`, init);
    },
    fetch: call,
    interact({ loginUrl }) {
      if (loginUrl === undefined) throw new TypeError('This problem has no login_url to go to.');
      leaveFor(toOwnUrl(loginUrl, location.origin));
    },
  };

  async function call(address: string, init: RequestInit = {}): Promise<Response> {
    const url = toOwnUrl(address, location.origin);
    const headers = new Headers(init.headers);
    headers.set('X-CSRF', '1');
    const response = await send(url.href, { ...init, headers });
    const problem = await readProblem(response);
    if (problem !== undefined) throw problem;
    return response;
  }

  function leaveFor(loginUrl: URL, returnTo = `${location.pathname}${location.search}`): void {
    loginUrl.searchParams.set('return_to', returnTo);
    location.assign(loginUrl.href);
  }
}

/** Leads to Microsoft, so to another origin; never to something that runs here. */
function parseLogoutUrl(answer: unknown): string {
  const { logout_url: text } = answer as { logout_url?: unknown };
  if (typeof text !== 'string' || !/^https?:\/\//.test(text)) {
    throw new TypeError('The answer has no logout_url.');
  }
  return text;
}
