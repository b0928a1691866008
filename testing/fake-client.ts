import type { CallInit, Client } from '../client/client-api.ts';
import { readPages } from '../client/pages.ts';
import type { Session, SignedIn, SignedOut } from '../client/session.ts';
import type { SessionEvent } from '../client/session-event.ts';

/** A call that a component has made. */
export interface FakeCall {
  readonly method: string;
  /** As the component wrote it, for example `/me/messages?$top=5`. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | undefined;
}

/**
 * What a call gets: a `Response`, an error to throw (such as a `BffProblem`), any other value as JSON with status 200, or a
 * function that returns one of them.
 */
export type FakeAnswer = unknown;

export interface FakeClient extends Client {
  /** Every call so far, oldest first. */
  readonly calls: readonly FakeCall[];
  /**
   * Answers calls from now on.
   * @param call the path with or without a query, or method and path, for example `POST /me/sendMail`. A path alone is a GET.
   */
  respond(call: string, answer: FakeAnswer): void;
  /** Signs a user in, or changes members of the session, and tells the components. */
  setSession(session: Partial<SignedIn>): void;
  /** Ends the session, as if the user had signed out in another tab, and tells the components. */
  endSession(): void;
  /** Sends an event to the components, for example that the session is about to end. */
  emit(event: SessionEvent): void;
}

const signedOut: SignedOut = { signed_in: false, login_url: '/api/auth/login' };

const alice: SignedIn = {
  signed_in: true,
  session_tag: 'test-session-tag',
  name: 'Alice Adams',
  username: 'alice@contoso.example',
  tenant_id: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01',
  roles: [],
  can: {},
  features: {},
  signed_in_at: '2026-01-05T08:00:00.000Z',
  expires_at: '2100-01-05T20:00:00.000Z',
  idle_expires_at: '2100-01-05T09:00:00.000Z',
  login_url: '/api/auth/login',
};

/**
 * Creates a client for tests of components. It makes no request: calls get what `respond` has set, and a call without an
 * answer fails.
 * @param session the user who is signed in, or `signed_out`. Default: Alice, without roles.
 */
export function createFakeClient(session: Partial<SignedIn> | 'signed_out' = {}): FakeClient {
  let current: Session = session === 'signed_out' ? signedOut : { ...alice, ...session };
  const calls: FakeCall[] = [];
  const answers = new Map<string, FakeAnswer>();
  const listeners = new Set<(event: SessionEvent) => void>();

  const emit = (event: SessionEvent): void => {
    current = event.session;
    for (const listener of listeners) listener(event);
  };
  const setSession = (changes: Partial<SignedIn>): void => {
    const before: SignedIn = current.signed_in ? current : alice;
    const next = { ...before, ...changes };
    const userChanged = current.signed_in && current.username !== next.username;
    emit({ type: current.signed_in ? 'changed' : 'signed_in', session: next, userChanged });
  };
  const endSession = () => emit({ type: 'signed_out', session: signedOut, userChanged: false });

  async function call(input: string | URL | Request, init: CallInit = {}): Promise<Response> {
    const made = await toCall(input, init);
    calls.push(made);
    return toResponse(await answerTo(answers, made));
  }

  return {
    calls,
    respond: (path, answer) => void answers.set(path.includes(' ') ? path : `GET ${path}`, answer),
    setSession,
    endSession,
    emit,
    session: async () => current,
    onSessionChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async signIn() {
      setSession({});
      return 'signed_in';
    },
    async signOut() {
      endSession();
    },
    graph: call,
    pages: (path, init) => readPages((link) => call(link, init), path),
    fetch: call,
    src: (path) =>
      `${path}${path.includes('?') ? '&' : '?'}session_tag=${current.signed_in ? current.session_tag : ''}`,
    interact: async () => 'signed_in',
    interaction: undefined,
    onInteractionChange: () => () => {},
    cancel() {},
    resumed: undefined,
  };
}

async function toCall(input: string | URL | Request, init: CallInit): Promise<FakeCall> {
  const request = input instanceof Request ? input : undefined;
  const body = init.body ?? (await request?.clone().text()) ?? undefined;
  return {
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    path: request?.url ?? String(input),
    headers: new Headers(init.headers ?? request?.headers),
    body: typeof body === 'string' && body !== '' ? body : await toText(body),
  };
}

async function toText(body: CallInit['body'] | undefined): Promise<string | undefined> {
  return body === undefined || body === null || body === '' ? undefined : new Response(body).text();
}

/** The answer for the whole path counts before that for the path without its query. */
async function answerTo(answers: ReadonlyMap<string, FakeAnswer>, made: FakeCall): Promise<FakeAnswer> {
  const whole = `${made.method} ${made.path}`;
  const key = [whole, whole.replace(/\?.*/s, '')].find((known) => answers.has(known));
  if (key === undefined) {
    const known = [...answers.keys()].join(', ') || 'none';
    throw new Error(`No answer for ${whole}. Set one with respond(). Known: ${known}`);
  }
  const answer = answers.get(key);
  return typeof answer === 'function' ? answer(made) : answer;
}

function toResponse(answer: FakeAnswer): Response {
  if (answer instanceof Error) throw answer;
  if (answer instanceof Response) return answer.clone();
  return Response.json(answer ?? null);
}
