import type { HttpHandler, HttpMethod } from '@azure/functions';
import type { Admission } from '../access/admission.ts';
import type { Access, Admit, FoundSession } from '../access/guard.ts';
import type { Logout } from '../auth/logout.ts';
import { BffError } from '../errors.ts';
import { loginPath, type SessionEnd, sessionRequired } from '../interaction/interaction.ts';
import {
  newerThanThisWorker,
  type Session,
  type SessionAbsence,
  type SessionStore,
} from '../session/session-store.ts';
import { userKeyOf } from '../session/user-key.ts';
import { audit } from '../telemetry/audit.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { type Log, toLogLine, withFields } from '../telemetry/log.ts';
import { onceIn } from '../telemetry/once-in.ts';
import { recordProblem } from '../telemetry/record-problem.ts';
import { type CookieNames, type CookieToSet, clearedCookie } from './cookies.ts';
import { type Caller, isForm, requireOwnRequest } from './cross-site.ts';
import { bouncePage, withoutBounced } from './pages/bounce-page.ts';
import { errorPage } from './pages/error-page.ts';
import { interactionPage } from './pages/interaction-page.ts';
import { noAccessPage } from './pages/no-access-page.ts';
import { problemResponse } from './problem.ts';
import { requireQuery } from './query.ts';
import { type BffRequest, isBounced, isNavigation, prefersHtml, toBffRequest } from './request.ts';
import { type BffResponse, redirectResponse, toHttpResponse } from './response.ts';

/** What every function says about itself before it does anything. */
export interface EndpointRules<Granted> {
  readonly methods: readonly HttpMethod[];
  readonly caller: Caller;
  readonly access: Access<Granted>;
  /** Asked instead of `access` by every method but GET. */
  readonly accessToChange?: Access<Granted>;
  /** A person reads the answer: errors become pages, and who is not signed in is sent to sign in. */
  readonly page?: boolean;
  /** Errors also in Graph's shape. */
  readonly likeGraph?: boolean;
  /** Takes our own form as well, whose Origin and hidden token the handler checks. */
  readonly acceptsForm?: boolean;
  /** A call that is let in counts as use of the session, which keeps it from ending idle. */
  readonly countsAsUse?: boolean;
}

/** Every method that the host offers a function: one that is not listed there is a bare 404 of the host's. */
export const allMethods: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Records use of the session, for a handler that finds out by itself whether the call is allowed.
 * @returns the session to go on with
 * @throws {BffError} session_required when it was ended elsewhere
 */
export type RecordUse = (session: Session) => Promise<Session>;

type Handle<Granted> = (
  request: BffRequest,
  granted: Granted,
  recordUse: RecordUse,
) => Promise<BffResponse> | BffResponse;

export type Endpoint = <Granted>(rules: EndpointRules<Granted>, handle: Handle<Granted>) => HttpHandler;

export interface EndpointNeeds {
  readonly origin: string;
  readonly cookieNames: CookieNames;
  readonly store: SessionStore;
  readonly admission: Admission;
  readonly logout: Logout;
  readonly monotonicMs: () => number;
}

const ALERT_EVERY_MS = 60_000;

const deadForGood: ReadonlySet<SessionAbsence> = new Set(['cookie-invalid', 'unreadable', 'retired-key']);

const endOf: Record<SessionAbsence, SessionEnd> = {
  'cookie-invalid': 'not_signed_in',
  missing: 'session_ended',
  'idle-expired': 'session_idle',
  expired: 'session_expired',
  unreadable: 'session_ended',
  'retired-key': 'session_ended',
};

/** What every record of a call says of who makes it. */
interface KnownCaller extends Record<string, string | undefined> {
  /** A pseudonym. */
  user?: string;
}

const none = (reason: SessionEnd): FoundSession => ({ kind: 'none', reason });

/** The wrapper of every function: method, proof of origin, session, access; and the one place where errors end. */
export function createEndpoint(needs: EndpointNeeds): Endpoint {
  const { origin, cookieNames, store, admission, logout, monotonicMs } = needs;
  const isTime = onceIn(ALERT_EVERY_MS, monotonicMs);
  return (rules, handle) => async (httpRequest, context) => {
    const cookies: CookieToSet[] = [];
    let response: BffResponse;
    try {
      const caller: KnownCaller = {};
      const read = toBffRequest(httpRequest, context);
      const request = { ...read, log: withFields(read.log, caller) };
      response = await answer(request, rules, handle, cookies, caller).catch((error: unknown) =>
        toErrorResponse(error, request, rules),
      );
    } catch (error) {
      // Not even readable as a request. Nothing may escape: the host would answer for us, or not at all.
      context.warn(toLogLine({ event: 'unreadable-request', cause: describeError(error) }));
      const unreadable = new BffError('request_invalid', { detail: 'The request cannot be read.' });
      const problem = error instanceof BffError ? error : unreadable;
      response = problemResponse(problem, context.invocationId, false);
    }
    // A cookie that the handler sets is not also cleared.
    const ownCookies = response.cookies ?? [];
    const cleared = cookies.filter(({ name }) => !ownCookies.some((own) => own.name === name));
    return toHttpResponse({ ...response, cookies: [...cleared, ...ownCookies] }, cookieNames.secure);
  };

  async function answer<Granted>(
    request: BffRequest,
    rules: EndpointRules<Granted>,
    handle: Handle<Granted>,
    cookies: CookieToSet[],
    caller: KnownCaller,
  ): Promise<BffResponse> {
    if (!rules.methods.some((method) => method === request.method)) {
      throw new BffError('method_not_allowed', { allow: rules.methods });
    }
    if (!rules.acceptsForm || !isForm(request)) requireOwnRequest(request, rules.caller, origin);
    const access = request.method === 'GET' ? rules.access : (rules.accessToChange ?? rules.access);
    let isRecorded = !rules.countsAsUse;
    const record: RecordUse = async (session) => {
      isRecorded = true;
      return recordUse(session, request);
    };
    // Only a call that is let in is use: whoever is refused does not keep their session alive.
    const admit: Admit = async (session, guard) => {
      const admitted = await admission.of(request.log)(session, guard);
      return isRecorded ? admitted : record(admitted);
    };
    const found = await findSession(request, access.session, cookies);
    if (found.kind === 'session') {
      caller.user = userKeyOf(found.session.address);
      const granted = await access.decide(found, admit);
      if (!isRecorded) await record(found.session);
      return handle(request, granted, record);
    }
    if (rules.page && access.session === 'required' && isNavigation(request)) {
      return bounceOrSignIn(request);
    }
    return handle(request, await access.decide(found, admit), record);
  }

  async function findSession(
    request: BffRequest,
    need: Access<unknown>['session'],
    cookies: CookieToSet[],
  ): Promise<FoundSession> {
    if (need === 'ignored') return none('not_signed_in');
    if (need !== 'if-possible') return readSession(request, cookies);
    return readSession(request, cookies).catch((error: unknown) => {
      request.log('warn', { event: 'session-not-read', error: describeError(error) });
      return none('session_ended');
    });
  }

  async function readSession(request: BffRequest, cookies: CookieToSet[]): Promise<FoundSession> {
    await finishPendingLogout(request, cookies);
    const value = request.cookies.get(cookieNames.session);
    if (value === undefined) {
      if (request.cookies.has(cookieNames.session)) cookies.push(clearedCookie(cookieNames.session));
      return none('not_signed_in');
    }
    const read = await store.read(value);
    if (read.kind === 'live') return { kind: 'session', session: read.session };
    if (read.kind === 'newer') {
      recordNewer(value, request.log);
      throw newerThanThisWorker();
    }
    recordAbsence(read.reason, value, request.log);
    // Only what can never become a session again. A late answer for a session that was replaced meanwhile must not
    // delete the cookie of the new one.
    if (deadForGood.has(read.reason)) cookies.push(clearedCookie(cookieNames.session));
    return none(endOf[read.reason]);
  }

  function recordAbsence(reason: SessionAbsence, cookieValue: string, log: Log): void {
    if (reason !== 'unreadable' && reason !== 'retired-key') {
      log('info', { event: 'no-session', reason });
      return;
    }
    audit(log, { event: 'row-not-opened', user: userOf(cookieValue), reason });
  }

  /** Right in a roll-out, where it is of many rows. A row that somebody relabelled looks the same and stays so. */
  function recordNewer(cookieValue: string, log: Log): void {
    if (isTime()) audit(log, { event: 'row-not-opened', user: userOf(cookieValue), reason: 'newer' });
  }

  function userOf(cookieValue: string): string | undefined {
    const address = store.addressOf(cookieValue);
    return address === undefined ? undefined : userKeyOf(address);
  }

  async function finishPendingLogout(request: BffRequest, cookies: CookieToSet[]): Promise<void> {
    const pending = request.cookies.get(cookieNames.logoutPending);
    if (pending === undefined || !(await logout.finishPending(pending, request.log))) return;
    cookies.push(clearedCookie(cookieNames.logoutPending));
  }

  /** A link from another site brings no Strict cookie: the person may well be signed in, so the page is loaded again. */
  function bounceOrSignIn(request: BffRequest): BffResponse {
    requireQuery(request.query); // a marker in a query that nobody can read would be looked for without end
    if (!isBounced(request)) return bouncePage(request.path, request.rawQuery);
    const query = withoutBounced(request.rawQuery);
    const returnTo = query === '' ? request.path : `${request.path}?${query}`;
    return redirectResponse(`${loginPath}?${new URLSearchParams({ return_to: returnTo })}`);
  }

  async function recordUse(session: Session, request: BffRequest): Promise<Session> {
    const touched = await store.touch(session).catch((error: unknown) => {
      request.log('warn', { event: 'use-not-recorded', error: describeError(error) });
      return { kind: 'found', session } as const;
    });
    if (touched.kind === 'gone') throw sessionRequired('session_ended');
    return touched.session;
  }

  function toErrorResponse<Granted>(
    thrown: unknown,
    request: BffRequest,
    rules: EndpointRules<Granted>,
  ): BffResponse {
    const error = thrown instanceof BffError ? thrown : new BffError('internal_error', { cause: thrown });
    recordProblem(error, request.log);
    if (!rules.page || !prefersHtml(request.header('accept'))) {
      return problemResponse(error, request.invocationId, rules.likeGraph ?? false);
    }
    const { path, invocationId } = request;
    const query = withoutBounced(request.rawQuery);
    switch (error.code) {
      case 'claim_required':
        return noAccessPage(error, path, invocationId);
      case 'interaction_required':
        return interactionPage(error, query === '' ? path : `${path}?${query}`, invocationId);
      default:
        return errorPage(error, invocationId);
    }
  }
}
