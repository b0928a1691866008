import { eitherSignal, untilAborted } from './abort.ts';
import { askForCall, canAskFor, toFailure } from './ask-user.ts';
import type { CallInit } from './client-api.ts';
import type { ClientContext } from './client-context.ts';
import { InteractionFailed } from './interaction-failed.ts';
import { toInteractionKey } from './interaction-key.ts';
import { toTarget } from './long-link.ts';
import { BffProblem } from './problem.ts';
import { sendWithPauses } from './retry-after.ts';
import { send } from './send.ts';
import type { Session } from './session.ts';

/**
 * Calls a URL of this origin for the current user, and asks the user for what the call needs.
 * @param input what the caller of the client named. A `Request` has more than its URL.
 * @throws {BffProblem | InteractionFailed}
 */
export async function call(
  context: ClientContext,
  url: URL,
  input: unknown,
  { repeat = false, retry = context.retry, ...callInit }: CallInit = {},
): Promise<Response> {
  const { page, sessions, interactions, user: userState, guard } = context;
  const { signal: userSignal } = userState.calls;
  requireUser();
  const request = input instanceof Request ? new Request(input, callInit) : undefined;
  const init = request ? await readInit(request) : callInit;
  const [target, link] = toTarget(url, request, context.toBffUrl('/graph/'));
  // The client sends no call before it has asked for the session. If it has, calls keep their order.
  if (!sessions.current) await untilAborted(sessions.ready(), init.signal);
  const { generation } = interactions;
  const hadUser = sessions.user !== undefined;
  const callName = `${init.method ?? 'GET'} ${url.pathname}`;
  let outcome = await sendForCurrentSession();
  if (outcome instanceof BffProblem && outcome.code === 'session_required' && hadUser) {
    // A sign-in in another tab may have replaced the session. The browser then has a new cookie.
    const session = await rereadSession();
    if (session?.signed_in) outcome = await sendAgain(outcome);
  }
  if (!(outcome instanceof BffProblem)) return outcome;
  const result = await untilAborted(askForCall(context, outcome, callName, generation), init.signal);
  if (result !== 'signed_in') throw toFailure(context, result, outcome);
  const second = await sendAgain(outcome);
  if (!(second instanceof BffProblem)) return second;
  // The interaction did not help, so the next call must not ask for the same again.
  if (canAskFor(context, second)) guard.block(toInteractionKey(second));
  throw second;

  async function sendAgain(problem: BffProblem): Promise<Response | BffProblem> {
    // A write is repeated only for the user who made it.
    if (!isRepeatable(init, repeat && hadUser)) throw new InteractionFailed('not_repeated', problem);
    const session = await sessions.read();
    requireUser();
    if (hadUser && !session.signed_in) throw new InteractionFailed('signed_out_meanwhile', problem);
    return sendForCurrentSession();
  }

  /** If another tab has changed the session, reads it and sends the call again. */
  async function sendForCurrentSession(): Promise<Response | BffProblem> {
    let outcome = await sendOnce();
    if (outcome instanceof BffProblem && outcome.code === 'session_changed') {
      // The server refused the call before it did anything. A write can therefore be sent again if the user
      // is the same.
      await rereadSession();
      if (!isRepeatable(init, true)) throw new InteractionFailed('not_repeated', outcome);
      outcome = await sendOnce();
    }
    sessions.recheckExpiry();
    if (!(outcome instanceof BffProblem) && outcome.ok) guard.succeeded(callName);
    return outcome;
  }

  async function rereadSession(): Promise<Session | undefined> {
    const session = await untilAborted(sessions.tryRead(), init.signal);
    requireUser();
    return session;
  }

  function sendOnce(): Promise<Response | BffProblem> {
    const signal = init.signal ? eitherSignal(init.signal, userSignal) : userSignal;
    const sendNow = async () => {
      requireUser();
      const outcome = await send(page, target, { ...init, signal }, sessions.tag, link);
      requireUser();
      return outcome;
    };
    const maxPauses = retry && isRead(init.method) ? 2 : 0;
    return context.enqueue(() => sendWithPauses(page, sendNow, maxPauses, signal), signal);
  }

  /** @throws {InteractionFailed} if the user of the call has signed out or changed */
  function requireUser(): void {
    userSignal.throwIfAborted();
    if (userState.signingOut !== undefined) throw new InteractionFailed('signed_out_meanwhile');
  }
}

/**
 * Reads what differs between requests. The body becomes a `Blob`, which can be sent again. It also has a length, and the
 * service refuses a body without one.
 */
async function readInit(request: Request): Promise<RequestInit> {
  const { method, headers, signal } = request;
  return {
    method,
    headers,
    signal,
    ...(!isRead(method) && { body: await untilAborted(request.blob(), signal) }),
  };
}

/** Whether the request can and may be sent again. A stream can be sent only once. */
function isRepeatable({ method, body }: RequestInit, repeat: boolean): boolean {
  return isRead(method) || (repeat && !(body instanceof ReadableStream));
}

const isRead = (method = 'GET') => /^(GET|HEAD)$/i.test(method);
