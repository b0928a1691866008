import { chooseScopes, lackingScopes, MAX_PACKED_SCOPES_LENGTH, packScopes } from '../entra/scopes.ts';
import { BffError } from '../errors.ts';
import type { Interaction, Ticket } from '../interaction/interaction.ts';
import type { Features } from '../policy/features.ts';
import type { Session } from '../session/store.ts';
import { audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';
import type { CodeFlow } from '../tokens/code-flow.ts';
import {
  type LoginPrompt,
  type LoginTransaction,
  type LoginWish,
  loginPrompts,
  type StartedTransaction,
  type TransactionCookies,
  type Transactions,
} from './login-transaction.ts';
import { defaultReturnPath, parseReturnPath } from './return-path.ts';

/** What a link to the login route may say. Each is checked; nothing else reaches Entra. */
export interface LoginQuery {
  readonly returnTo: string | undefined;
  readonly prompt: string | undefined;
  readonly loginHint: string | undefined;
  readonly domainHint: string | undefined;
  readonly feature: string | undefined;
  readonly ticket: string | undefined;
  /** `popup`, with the id by which the app calls it: `popup.ID`. */
  readonly display: string | undefined;
  /** Where the navigation comes from. A link cannot set this itself. */
  readonly begunElsewhere: boolean;
}

export interface StartedLogin {
  /** Entra's address. */
  readonly location: string;
  readonly started: StartedTransaction;
}

/** Begins a sign-in: nothing is stored on the server. */
export interface Login {
  /** @throws {BffError} request_invalid */
  begin(
    query: LoginQuery,
    session: Session | undefined,
    cookies: TransactionCookies,
    log: Log,
  ): Promise<StartedLogin>;
  /** Begins again what could not be finished; undefined when that was done before, or would be another sign-in. */
  restart(wish: LoginWish, cookies: TransactionCookies): Promise<StartedLogin | undefined>;
}

export interface LoginNeeds {
  readonly origin: string;
  readonly codeFlow: CodeFlow;
  readonly features: Features;
  /** Whether a plain link may ask for a feature's permissions in this browser; what a ticket names it may. */
  readonly mayAskFor: (feature: string, session: Session | undefined) => boolean;
  readonly transactions: Transactions;
  readonly interaction: Interaction;
}

const MAX_HINT_LENGTH = 254; // the longest e-mail address (RFC 5321, 4.5.3.1)
const MAX_RESTARTS = 1; // with the first round, two automatic rounds at most

/** All that a sign-in asks for: what every sign-in asks, and what this one asks beside it. */
export function requestedScopes(
  { signInScopes }: Features,
  { scopes }: Pick<LoginTransaction, 'scopes'>,
): string[] {
  return [...new Set([...signInScopes, ...scopes])];
}

export function createLogin(needs: LoginNeeds): Login {
  const { origin, codeFlow, features, mayAskFor, transactions, interaction } = needs;
  return {
    async begin(query, session, cookies, log) {
      const domainHint = parseHint(query.domainHint, 'domain_hint');
      const askedHint = parseHint(query.loginHint, 'login_hint');
      const popupId = parseDisplay(query.display);
      const ask = whatToAsk(query, session);
      // A link cannot take back what its ticket asks for.
      const prompt = ask.prompt ?? parsePrompt(query.prompt);
      const claims = ask.claims ?? claimsRequestOf(ask.authContext);
      const isTheirs = ask.feature !== undefined || ask.byTicket === true;
      // Coming from a session means the same account again: nobody should have to pick it.
      const known = prompt === 'select_account' ? undefined : session?.facts.claims;
      const loginHint = askedHint ?? (isTheirs ? (known?.loginHint ?? known?.principal.username) : undefined);
      const started = transactions.start(
        {
          returnPath: parseReturnPath(query.returnTo, origin) ?? defaultReturnPath,
          scopes: ask.scopes,
          restarts: 0,
          ...(ask.feature === undefined ? {} : { feature: ask.feature }),
          ...(prompt === undefined ? {} : { prompt }),
          ...(popupId === undefined ? {} : { popupId }),
          ...(ask.authContext === undefined ? {} : { authContext: ask.authContext }),
          ...(ask.byTicket ? { byTicket: true as const } : {}),
          ...(query.begunElsewhere ? { begunElsewhere: true as const } : {}),
          ...(claims === undefined && askedHint === undefined && domainHint === undefined
            ? {}
            : { onlyOnce: true as const }),
        },
        cookies,
      );
      const location = await codeFlow.authorizeUrl({
        ...started.transaction,
        scopes: requestedScopes(features, started.transaction),
        ...(loginHint === undefined || loginHint === '' ? {} : { loginHint }),
        ...(domainHint === undefined ? {} : { domainHint }),
        ...(claims === undefined ? {} : { claims }),
      });
      // Without the person there is nobody to ask.
      const permissions =
        prompt === 'none' ? 0 : lackingScopes(ask.scopes, session?.facts.grantedScopes ?? []).length;
      if (permissions > 0) audit(log, { event: 'consent-asked', permissions, feature: ask.feature });
      return { location, started };
    },
    async restart(wish, cookies) {
      if (wish.restarts >= MAX_RESTARTS || wish.onlyOnce) return undefined;
      const started = transactions.start({ ...wish, restarts: wish.restarts + 1 }, cookies);
      const { transaction } = started;
      const scopes = requestedScopes(features, transaction);
      return { location: await codeFlow.authorizeUrl({ ...transaction, scopes }), started };
    },
  };

  /** A ticket that does not open (forged, foreign, expired) leads to a plain sign-in. */
  function whatToAsk(
    { ticket, feature }: LoginQuery,
    session: Session | undefined,
  ): Ticket & Pick<LoginWish, 'byTicket'> {
    const opened = ticket === undefined ? undefined : interaction.openTicket(ticket, session);
    if (opened) {
      const scopes = isShort(opened.scopes)
        ? opened.scopes
        : (features.find(opened.feature ?? '')?.scopes ?? []);
      return { ...opened, scopes, byTicket: true };
    }
    if (feature === undefined) return { scopes: [] };
    const known = mayAskFor(feature, session) ? features.find(feature) : undefined;
    if (known === undefined)
      throw new BffError('request_invalid', { detail: 'There is no feature of that name.' });
    const granted = session?.facts.grantedScopes ?? [];
    const scopes = new Set(known.needs.flatMap((need) => chooseScopes(need, granted)));
    return { feature: known.name, scopes: [...scopes] };
  }
}

/** What the calls of a batch need together may be more than a cookie holds; then one feature is asked for at a time. */
const isShort = (scopes: readonly string[]) => packScopes(scopes).length <= MAX_PACKED_SCOPES_LENGTH;

function parsePrompt(text: string | undefined): LoginPrompt | undefined {
  if (text === undefined) return undefined;
  const prompt = loginPrompts.find((known) => known === text);
  if (prompt === undefined) {
    throw new BffError('request_invalid', { detail: `prompt is one of: ${loginPrompts.join(', ')}.` });
  }
  return prompt;
}

/** @see https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context */
function claimsRequestOf(authContext: string | undefined): string | undefined {
  if (authContext === undefined) return undefined;
  return JSON.stringify({ id_token: { acrs: { essential: true, value: authContext } } });
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
