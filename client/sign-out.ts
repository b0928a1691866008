import type { ClientContext } from './client-context.ts';
import { InteractionFailed } from './interaction-failed.ts';
import { BffProblem } from './problem.ts';
import { readLink } from './read-untrusted.ts';
import { send, throwProblem } from './send.ts';

/** Ends the session, then navigates to the sign-out page of Entra ID. @throws {BffProblem | InteractionFailed} */
export async function signOut(context: ClientContext): Promise<void> {
  const { user, sessions } = context;
  user.calls.signal.throwIfAborted();
  try {
    await signOutOnce(context);
  } catch (error) {
    if (!(error instanceof BffProblem) || error.code !== 'session_changed') throw error;
    const { signal } = user.calls;
    await sessions.read();
    signal.throwIfAborted();
    await signOutOnce(context);
  }
}

/** Ends this page's calls and sets its session to signed out, without a request. */
export function setSignedOut(context: ClientContext): void {
  endCalls(context);
  context.sessions.set({ signed_in: false, login_url: context.toBffUrl('/auth/login').pathname });
}

function signOutOnce(context: ClientContext): Promise<void> {
  const { user } = context;
  user.signingOut ??= requestSignOut(context).finally(() => {
    user.signingOut = undefined;
  });
  return user.signingOut;
}

async function requestSignOut(context: ClientContext): Promise<void> {
  const { page, user } = context;
  endCalls(context);
  const init = { method: 'POST', signal: user.calls.signal };
  const response = throwProblem(
    await send(page, context.toBffUrl('/auth/logout'), init, context.sessions.tag),
  );
  const document: unknown = await response.json().catch(() => undefined);
  setSignedOut(context);
  context.tabs.notify('signed_out');
  page.location.assign(parseLogoutUrl(document, page.location.origin));
}

/** Ends all calls and interactions. No response to an earlier call is returned from now on. */
function endCalls({ user, interactions }: ClientContext): void {
  user.calls.abort(new InteractionFailed('signed_out_meanwhile'));
  user.calls = new AbortController();
  interactions.endAll('signed_out_meanwhile');
}

/** Returns Entra ID's sign-out URL. Plain http is allowed only if this page uses it too, in development. */
function parseLogoutUrl(document: unknown, origin: string): string {
  const url = readLink(document, 'logout_url');
  if (
    !url ||
    !/^[^?#]*\/oauth2\/v2\.0\/logout(\?|$)/.test(url) ||
    !/^https:|^http:.* http:/.test(`${url} ${origin}`)
  ) {
    throw new TypeError('The response has no logout_url.');
  }
  return url;
}
