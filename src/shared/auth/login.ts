import { chooseScopes, MAX_PACKED_SCOPES_LENGTH, missingScopes, packScopes } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import type { Interaction, Ticket } from '../interaction/interaction.ts';
import type { Features } from '../policy/features.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { Session } from '../session/session.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import type { CodeFlow } from '../tokens/code-flow.ts';
import {
  type LoginPrompt,
  type LoginRequest,
  type LoginTransaction,
  type LoginTransactions,
  loginPrompts,
  type StartedTransaction,
  type TransactionCookies,
} from './login-transaction.ts';
import { defaultReturnPath, parseReturnPath, type ReturnPathRules } from './return-path.ts';

/** The parameters of the login route, as sent: `Login.start` checks each one. Besides these, only `via` has an effect. */
export interface LoginQuery {
  readonly returnTo: string | undefined;
  readonly prompt: string | undefined;
  readonly loginHint: string | undefined;
  readonly domainHint: string | undefined;
  readonly feature: string | undefined;
  readonly ticket: string | undefined;
  /** `popup.ID`, where the page has chosen the ID of the popup. */
  readonly display: string | undefined;
  /**
   * See {@link LoginRequest.startedElsewhere}. Not itself a parameter: the route derives it from the request's headers,
   * the hints, `prompt` and `via`. A page that redirects to the login adds `via`, because a link on another site may have
   * opened the page.
   */
  readonly startedElsewhere: boolean;
}

export interface StartedLogin {
  /** URL of Entra ID's sign-in page. */
  readonly location: string;
  readonly started: StartedTransaction;
}

/** Starts a sign-in. Nothing is stored on the server. */
export interface Login {
  /** @throws {BffError} request_invalid */
  start(
    query: LoginQuery,
    caller: Caller | undefined,
    cookies: TransactionCookies,
    log: Log,
  ): Promise<StartedLogin>;
  /**
   * Restarts a sign-in that was not completed. Returns undefined if it was restarted automatically already, or if it had a
   * claims request or a hint (`login_hint`, `domain_hint`), which the cookie does not store.
   */
  restart(request: LoginRequest, cookies: TransactionCookies): Promise<StartedLogin | undefined>;
}

export interface LoginDependencies {
  readonly returnPathRules: ReturnPathRules;
  readonly codeFlow: CodeFlow;
  /** Every feature that a sign-in can request by name. */
  readonly features: Features;
  /** True if a login URL without a ticket may request the feature's permissions for this caller. */
  readonly mayRequest: (feature: string, caller: Caller | undefined) => boolean;
  readonly transactions: LoginTransactions;
  readonly interaction: Interaction;
}

const MAX_HINT_LENGTH = 254; // the longest email address (RFC 5321, 4.5.3.1)
/** Maximum number of automatic restarts of one sign-in. */
const MAX_RESTARTS = 1;

/** All scopes that a sign-in requests: those of every sign-in, and its additional ones. */
export function requestedScopes(
  { signInScopes }: Features,
  { scopes }: Pick<LoginTransaction, 'scopes'>,
): string[] {
  return [...new Set([...signInScopes, ...scopes])];
}

export function createLogin(dependencies: LoginDependencies): Login {
  const { codeFlow, features, transactions } = dependencies;
  return {
    start: (...args) => startLogin(dependencies, ...args),
    async restart(request, cookies) {
      if (request.restarts >= MAX_RESTARTS || request.hasUnstoredParameters) return undefined;
      const started = transactions.start({ ...request, restarts: request.restarts + 1 }, cookies);
      const { transaction } = started;
      const scopes = requestedScopes(features, transaction);
      return { location: await codeFlow.authorizeUrl({ ...transaction, scopes }), started };
    },
  };
}

async function startLogin(
  dependencies: LoginDependencies,
  query: LoginQuery,
  caller: Caller | undefined,
  cookies: TransactionCookies,
  log: Log,
): Promise<StartedLogin> {
  const { returnPathRules, codeFlow, features, transactions } = dependencies;
  const session = caller === undefined ? undefined : sessionOf(caller);
  const domainHint = parseHint(query.domainHint, 'domain_hint');
  const requestedLoginHint = parseHint(query.loginHint, 'login_hint');
  const popupId = parseDisplay(query.display);
  const purpose = readPurpose(dependencies, query, caller);
  // The ticket has precedence, so that a changed link cannot weaken what the ticket requires.
  const prompt = purpose.prompt ?? parsePrompt(query.prompt);
  const claimsRequest = purpose.claims ?? toClaimsRequest(purpose.authContext);
  const loginHint = requestedLoginHint ?? sessionLoginHint(purpose, prompt, session);
  const hasUnstoredParameters =
    claimsRequest !== undefined || requestedLoginHint !== undefined || domainHint !== undefined;
  const started = transactions.start(
    {
      returnPath: parseReturnPath(query.returnTo, returnPathRules) ?? defaultReturnPath,
      scopes: purpose.scopes,
      restarts: 0,
      ...(purpose.feature === undefined ? {} : { feature: purpose.feature }),
      ...(prompt === undefined ? {} : { prompt }),
      ...(popupId === undefined ? {} : { popupId }),
      ...(purpose.authContext === undefined ? {} : { authContext: purpose.authContext }),
      ...(purpose.fromTicket ? { fromTicket: true as const } : {}),
      ...(query.startedElsewhere ? { startedElsewhere: true as const } : {}),
      ...(hasUnstoredParameters ? { hasUnstoredParameters } : {}),
    },
    cookies,
  );
  const location = await codeFlow.authorizeUrl({
    ...started.transaction,
    scopes: requestedScopes(features, started.transaction),
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(domainHint === undefined ? {} : { domainHint }),
    ...(claimsRequest === undefined ? {} : { claims: claimsRequest }),
  });
  recordConsentRequest(purpose, prompt, session, log);
  return { location, started };
}

/** What a sign-in is for: the content of its ticket, or a feature, or neither. */
type LoginPurpose = Ticket & Pick<LoginRequest, 'fromTicket'>;

/**
 * A ticket that does not open (forged, of another session, or expired) is ignored.
 * @throws {BffError} request_invalid for a feature that may not be requested
 */
function readPurpose(
  { features, interaction, mayRequest }: LoginDependencies,
  { ticket, feature: name }: LoginQuery,
  caller: Caller | undefined,
): LoginPurpose {
  const session = caller === undefined ? undefined : sessionOf(caller);
  const opened = ticket === undefined ? undefined : interaction.openTicket(ticket, session);
  if (opened) {
    // The calls of a batch together may need more scopes than a cookie can store. In this case, only the feature's
    // scopes are requested.
    const scopes = fitsIntoCookie(opened.scopes)
      ? opened.scopes
      : (features.findByName(opened.feature ?? '')?.scopes ?? []);
    return { ...opened, scopes, fromTicket: true };
  }
  if (name === undefined) return { scopes: [] };
  const feature = mayRequest(name, caller) ? features.findByName(name) : undefined;
  if (feature === undefined)
    throw new BffError('request_invalid', { detail: 'There is no feature with this name.' });
  const granted = session?.facts.grantedScopes ?? [];
  const scopes = new Set(feature.needs.flatMap((need) => chooseScopes(need, granted)));
  return { feature: feature.name, scopes: [...scopes] };
}

function fitsIntoCookie(scopes: readonly string[]): boolean {
  return packScopes(scopes).length <= MAX_PACKED_SCOPES_LENGTH;
}

/**
 * Returns the login hint of the session's user if the sign-in is for a feature or from a ticket. Such a sign-in must stay
 * with that user, and with the hint the user does not have to pick the account.
 */
function sessionLoginHint(
  { feature, fromTicket }: LoginPurpose,
  prompt: LoginPrompt | undefined,
  session: Session | undefined,
): string | undefined {
  const isForSessionUser = feature !== undefined || fromTicket === true;
  if (!isForSessionUser || session === undefined || prompt === 'select_account') return undefined;
  const { loginHint, principal } = session.facts.claims;
  return (loginHint ?? principal.username) || undefined;
}

/** @see https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context */
function toClaimsRequest(authContext: string | undefined): string | undefined {
  if (authContext === undefined) return undefined;
  return JSON.stringify({ id_token: { acrs: { essential: true, value: authContext } } });
}

function recordConsentRequest(
  { scopes, feature }: LoginPurpose,
  prompt: LoginPrompt | undefined,
  session: Session | undefined,
  log: Log,
): void {
  // With `prompt=none`, Entra ID cannot ask the user for consent.
  if (prompt === 'none') return;
  const permissionCount = missingScopes(scopes, session?.facts.grantedScopes ?? []).length;
  if (permissionCount > 0) audit(log, { event: 'consent-asked', permissions: permissionCount, feature });
}

function parsePrompt(text: string | undefined): LoginPrompt | undefined {
  if (text === undefined) return undefined;
  const prompt = loginPrompts.find((candidate) => candidate === text);
  if (prompt === undefined) {
    throw new BffError('request_invalid', { detail: `prompt is one of: ${loginPrompts.join(', ')}.` });
  }
  return prompt;
}

function parseDisplay(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [, popupId] = /^popup\.([A-Za-z0-9_-]{8,36})$/.exec(text) ?? [];
  if (popupId === undefined) {
    throw new BffError('request_invalid', { detail: 'display is "popup." and an id of 8 to 36 characters.' });
  }
  return popupId;
}

function parseHint(text: string | undefined, name: string): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (text.length > MAX_HINT_LENGTH || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) {
    throw new BffError('request_invalid', {
      detail: `${name} is at most ${MAX_HINT_LENGTH} printable characters.`,
    });
  }
  return text;
}
