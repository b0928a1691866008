import { askForPage, hasTriedSilently, silentSignIn, toRequest } from './ask-user.ts';
import { call } from './call.ts';
import { createCallQueue } from './call-queue.ts';
import type { Client, ClientOptions } from './client-api.ts';
import type { ClientContext } from './client-context.ts';
import { InteractionFailed } from './interaction-failed.ts';
import { signInKey, toConsentKey } from './interaction-key.ts';
import { createInteractions } from './interactions.ts';
import type { Page } from './page.ts';
import { listenToPage, onTabMessage } from './page-events.ts';
import { readPages } from './pages.ts';
import { createRedirectLoopGuard } from './redirect-loop-guard.ts';
import { consumeRedirectNote, forgetSilentAttempt, type RedirectNote } from './redirect-note.ts';
import { send, throwProblem } from './send.ts';
import { watchSession } from './session-watch.ts';
import { signOut } from './sign-out.ts';
import { joinTabs } from './tabs.ts';
import { toCallUrl, toGraphUrl, toOwnUrl, toReturnUrl, toText } from './urls.ts';

export type {
  CallInit,
  Client,
  ClientOptions,
  GraphPage,
  SignInOptions,
  SignInResult,
} from './client-api.ts';
export type { Display, IfBlocked, Interaction } from './interaction.ts';
export { type FailureKind, InteractionFailed } from './interaction-failed.ts';
export { BffProblem } from './problem.ts';
export type { ResumedInteraction } from './redirect-note.ts';
export type { FeatureState, Session, SignedIn, SignedOut } from './session.ts';
export type { SessionEvent } from './session-event.ts';

/** Creates the browser's side of the BFF. It knows the signed-in user and calls Graph, but never sees a token. */
export function createClient(options: ClientOptions = {}): Client {
  const { page = globalThis } = options;
  const note = consumeRedirectNote(page);
  const context = connect(page, options, note);
  const { sessions, interactions, user, toBffUrl } = context;
  const graph: Client['graph'] = async (input, init) =>
    call(context, toGraphUrl(page, toText(input), toBffUrl('/graph/')), input, init);
  return {
    async session() {
      const session = await sessions.read();
      // The page now knows the current user, so it may make calls again.
      if (user.calls.signal.aborted) user.calls = new AbortController();
      return session;
    },
    onSessionChange: sessions.subscribe,
    async signIn({ feature, returnTo, display = context.display, silent = false } = {}) {
      if (silent && hasTriedSilently(context)) throw new InteractionFailed('login_required');
      const url = toBffUrl('/auth/login');
      if (feature !== undefined) url.searchParams.set('feature', feature);
      const key = feature === undefined ? signInKey : toConsentKey(feature);
      const kind = silent ? silentSignIn : { key, display, clicked: true };
      return askForPage(context, { ...kind, url, returnUrl: toReturnUrl(page, returnTo), feature });
    },
    async interact(problem, options) {
      user.calls.signal.throwIfAborted();
      return askForPage(context, { ...toRequest(context, problem, options), clicked: true }, problem);
    },
    signOut: () => signOut(context),
    graph,
    pages: (path, init) => readPages((link) => graph(link, init), path),
    fetch: async (input, init) => call(context, toCallUrl(page, toText(input)), input, init),
    src(path) {
      user.calls.signal.throwIfAborted();
      const { href } = toCallUrl(page, path);
      return `${href}${href.includes('?') ? '&' : '?'}session_tag=${sessions.tag}`;
    },
    get interaction() {
      return interactions.active.view;
    },
    onInteractionChange: interactions.subscribe,
    cancel: () => interactions.endAll('canceled'),
    get resumed() {
      // Nothing continues for another user. Until the session is read, the user of the note counts as the current one.
      return note.user === undefined || note.user === sessions.user ? note.resumed : undefined;
    },
  };
}

/** Creates the parts of a client and connects their events. */
function connect(page: Page, options: ClientOptions, note: RedirectNote): ClientContext {
  const {
    basePath = '/api',
    interaction = 'popup',
    ifBlocked = 'throw',
    sessionRequired = 'throw',
    maxCalls = 16,
    retry = true,
    warningSeconds = 120,
  } = options;
  const toBffUrl = (path: string) => toOwnUrl(page, basePath + path);
  const guard = createRedirectLoopGuard(page, note.history);
  const user: ClientContext['user'] = { calls: new AbortController(), signingOut: undefined };
  const requestSession = async () => {
    await user.signingOut?.catch(() => {});
    return throwProblem(await send(page, toBffUrl('/auth/session'), { cache: 'no-store' }));
  };
  const sessions = watchSession(page, warningSeconds, requestSession, note.user);
  const tabs = joinTabs(page);
  const interactions = createInteractions(page, guard, sessions, tabs);
  const display = interaction === 'redirect' ? 'redirect' : 'popup';
  const context = {
    page,
    interaction,
    ifBlocked,
    sessionRequired,
    display,
    enqueue: createCallQueue(maxCalls),
    retry,
    toBffUrl,
    sessions,
    interactions,
    guard,
    tabs,
    user,
  } as const;
  sessions.observe((session, userChanged) => {
    if (session.signed_in) forgetSilentAttempt(page);
    guard.onSession(session);
    if (userChanged) user.calls.abort(new InteractionFailed('user_changed'));
    interactions.active.onSession(session);
    if (userChanged) interactions.endAll('user_changed');
  });
  tabs.onMessage((message) => onTabMessage(context, message));
  if (page.document) listenToPage(context);
  if (note.resumed) tabs.notify('changed');
  return context;
}
