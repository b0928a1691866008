import type { HttpHandler, HttpMethod } from '@azure/functions';
import type { Admission } from '../access/admission.ts';
import type { Access, Admit, FoundSession } from '../access/guard.ts';
import type { Logout } from '../auth/logout.ts';
import { BffError, type SessionEnd } from '../errors.ts';
import type { VerifiedClaims } from '../identity/principal.ts';
import { loginPath, sessionRequired } from '../interaction/interaction.ts';
import { bouncePage, withoutBounced } from '../pages/bounce-page.ts';
import type { PageDocument } from '../pages/document.ts';
import { errorPage } from '../pages/error-page.ts';
import { interactionPage } from '../pages/interaction-page.ts';
import { noAccessPage } from '../pages/no-access-page.ts';
import {
  newerThanThisWorker,
  type Session,
  type SessionAbsence,
  type SessionStore,
} from '../session/store.ts';
import { auditPseudonym } from '../session/user-hash.ts';
import { audit } from '../telemetry/audit.ts';
import { describeError } from '../telemetry/describe-error.ts';
import { type Log, toLogLine, withFields } from '../telemetry/log.ts';
import { onceIn } from '../telemetry/once-in.ts';
import { recordProblem } from '../telemetry/record-problem.ts';
import {
  type CookieNames,
  type CookieToSet,
  clearedCookie,
  cookiesSentTwice,
  parseCookiesOfLeaving,
} from './cookies.ts';
import { type Caller, isForm, requireOwnRequest } from './cross-site.ts';
import { documentResponse } from './document.ts';
import { problemHeaders, problemResponse } from './problem.ts';
import { requireQuery } from './query.ts';
import { type BffRequest, isBounced, isNavigation, prefersHtml, toBffRequest } from './request.ts';
import { type BffResponse, redirectResponse, toHttpResponse } from './response.ts';
import { requireTaggedSession, takeSessionTags } from './session-tag.ts';

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
  /**
   * The route begins or ends a sign-in. It cannot if a cookie of this service was sent twice, because setting
   * or clearing one would be a guess.
   */
  readonly changesCookies?: boolean;
  /** An admitted call counts as use of the session and extends its idle limit. */
  readonly countsAsUse?: boolean;
}

/** Every method that the host offers a function: one that is not listed there is a bare 404 of the host's. */
export const allMethods: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Records use of the session, for a handler that decides itself whether the call is allowed.
 * @returns the session to continue with
 * @throws {BffError} session_required if the session was ended elsewhere
 */
export type RecordUse = (session: Session) => Promise<Session>;

export type Handler<Granted> = (
  request: BffRequest,
  granted: Granted,
  recordUse: RecordUse,
) => Promise<BffResponse> | BffResponse;

export type Endpoint = <Granted>(rules: EndpointRules<Granted>, handle: Handler<Granted>) => HttpHandler;

export interface EndpointNeeds {
  readonly origin: string;
  readonly cookieNames: CookieNames;
  readonly store: SessionStore;
  readonly admission: Admission;
  readonly logout: Logout;
  /** Whether the settings still admit this user. */
  readonly isAllowed: (claims: VerifiedClaims) => boolean;
  readonly monotonicMs: () => number;
}

const ALERT_EVERY_MS = 60_000;

const deadForGood: ReadonlySet<SessionAbsence> = new Set(['cookie-invalid', 'unreadable', 'retired-key']);

/**
 * False for requests that another host began, because it may have influenced the cookie value. Such a request
 * must not delete a cookie.
 */
function isFromHere({ header }: BffRequest): boolean {
  const site = header('sec-fetch-site');
  return site === undefined || site === 'same-origin' || site === 'none';
}

const endOf: Record<SessionAbsence, SessionEnd> = {
  'cookie-invalid': 'not_signed_in',
  missing: 'session_ended',
  'idle-expired': 'session_idle',
  expired: 'session_expired',
  unreadable: 'session_ended',
  'retired-key': 'session_ended',
};

/** The title of the page for a request without a session, if signing in alone does not help. */
const titleOf = (reason: SessionEnd) =>
  reason === 'cookie_sent_twice' ? { title: 'This browser sent two sign-in cookies' } : {};

/** What every record of a call says of who makes it. */
interface KnownCaller extends Record<string, string | undefined> {
  /** A pseudonym. */
  user?: string;
}

const none = (reason: SessionEnd): FoundSession => ({ kind: 'none', reason });

/** The wrapper of every function: method, proof of origin, session, access; and the one place where errors end. */
export function createEndpoint(needs: EndpointNeeds): Endpoint {
  const { origin, cookieNames, store, admission, logout, isAllowed, monotonicMs } = needs;
  const isTime = onceIn(ALERT_EVERY_MS, monotonicMs);
  return (rules, handle) => async (httpRequest, context) => {
    const startedMs = monotonicMs();
    const cookies: CookieToSet[] = [];
    let response: BffResponse;
    try {
      const caller: KnownCaller = {};
      const read = toBffRequest(httpRequest, context, startedMs);
      const isLeaving = rules.access.session === 'if-possible';
      const asSent = {
        ...read,
        ...(isLeaving ? { cookies: parseCookiesOfLeaving(read.header('cookie')) } : {}),
        log: withFields(read.log, caller),
      };
      response = await answer(asSent, rules, handle, cookies, caller).catch((error: unknown) =>
        toErrorResponse(error, takeSessionTags(asSent).request, rules),
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
    asSent: BffRequest,
    rules: EndpointRules<Granted>,
    handle: Handler<Granted>,
    cookies: CookieToSet[],
    caller: KnownCaller,
  ): Promise<BffResponse> {
    const { request, tags } = takeSessionTags(asSent);
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
    const twice = access.session === 'ignored' ? [] : cookiesSentTwice(request.cookies, cookieNames);
    if (twice.length > 0) {
      // A neighbor's cookie was sent beside the genuine one. The two cannot be told apart, and the genuine one
      // must outlive this request.
      audit(request.log, { event: 'cookie-sent-twice', cookies: twice.join(' ') });
      if (rules.changesCookies) throw sessionRequired('cookie_sent_twice');
      const granted = await access.decide(none('cookie_sent_twice'), admit);
      return { ...(await handle(request, granted, record)), cookies: [] };
    }
    const found = await findSession(request, access.session, cookies);
    if (found.kind === 'session') {
      caller.user = auditPseudonym(found.session.address);
      // Checked before anything is done, use and renewal included.
      requireTaggedSession(tags, found.session);
      const granted = await access.decide(found, admit);
      if (!isRecorded) await record(found.session);
      return handle(request, granted, record);
    }
    if (rules.page && access.session === 'required' && isNavigation(request)) {
      return bounceOrSignIn(request, asSent.rawQuery);
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
    if (value === undefined) return none('not_signed_in');
    const read = await store.read(value);
    if (read.kind === 'live' && isAllowed(read.session.facts.claims)) {
      return { kind: 'session', session: read.session };
    }
    if (read.kind === 'live') return endNotAllowed(read.session, request.log);
    if (read.kind === 'newer') {
      recordNewer(value, request.log);
      throw newerThanThisWorker();
    }
    recordAbsence(read.reason, value, request.log);
    // Only what can never become a session again. A late answer for a session that was replaced meanwhile must not
    // delete the cookie of the new one.
    if (deadForGood.has(read.reason) && (read.reason !== 'cookie-invalid' || isFromHere(request)))
      cookies.push(clearedCookie(cookieNames.session));
    return none(endOf[read.reason]);
  }

  /**
   * The settings no longer allow this tenant or its guests. The user is out at once, even if the row cannot be
   * deleted now.
   */
  async function endNotAllowed({ address, facts }: Session, log: Log): Promise<FoundSession> {
    try {
      await store.remove(address, facts.claims.entraSessionId);
      audit(log, { event: 'session-ended', by: 'service', sessions: 1, user: auditPseudonym(address) });
    } catch (error) {
      log('warn', { event: 'not-allowed-not-removed', error: describeError(error) });
    }
    return none('session_ended');
  }

  function recordAbsence(reason: SessionAbsence, cookieValue: string, log: Log): void {
    if (reason !== 'unreadable' && reason !== 'retired-key') {
      log('info', { event: 'no-session', reason });
      return;
    }
    audit(log, { event: 'row-not-opened', user: userOf(cookieValue), reason });
  }

  /**
   * Expected for many rows during a roll-out. A row that an attacker relabeled looks the same, but stays so.
   */
  function recordNewer(cookieValue: string, log: Log): void {
    if (isTime()) audit(log, { event: 'row-not-opened', user: userOf(cookieValue), reason: 'newer' });
  }

  function userOf(cookieValue: string): string | undefined {
    const address = store.addressOf(cookieValue);
    return address === undefined ? undefined : auditPseudonym(address);
  }

  async function finishPendingLogout(request: BffRequest, cookies: CookieToSet[]): Promise<void> {
    const pending = request.cookies.get(cookieNames.logoutPending);
    if (pending === undefined || !(await logout.finishPending(pending, request.log))) return;
    cookies.push(clearedCookie(cookieNames.logoutPending));
  }

  /** A link from another site brings no Strict cookie: the person may well be signed in, so the page is loaded again. */
  function bounceOrSignIn(request: BffRequest, rawQueryAsSent: string): BffResponse {
    requireQuery(request.query); // a marker in a query that nobody can read would be looked for without end
    if (!isBounced(request)) return documentResponse(bouncePage(request.routePath, rawQueryAsSent));
    // The session tag is omitted, because the next sign-in creates another one.
    const query = withoutBounced(request.rawQuery);
    const returnTo = query === '' ? request.routePath : `${request.routePath}?${query}`;
    // After the second load the request looks like our own. `via` tells the login that a link may have begun
    // it.
    return redirectResponse(`${loginPath}?${new URLSearchParams({ return_to: returnTo, via: 'page' })}`);
  }

  async function recordUse(session: Session, request: BffRequest): Promise<Session> {
    const touched = await store.extend(session).catch((error: unknown) => {
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
    return documentResponse(toErrorPage(error, request), problemHeaders(error));
  }
}

function toErrorPage(error: BffError, { routePath: path, rawQuery, invocationId }: BffRequest): PageDocument {
  const query = withoutBounced(rawQuery);
  if (error.is('claim_required')) return noAccessPage(error, path, invocationId);
  if (error.is('interaction_required')) {
    return interactionPage(error, query === '' ? path : `${path}?${query}`, invocationId);
  }
  return errorPage(error, invocationId, error.is('session_required') ? titleOf(error.extensions.reason) : {});
}
