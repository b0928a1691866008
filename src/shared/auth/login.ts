import type { CodeFlow } from '../entra/authorize.ts';
import { BffError } from '../errors.ts';
import type { Interaction, Ticket } from '../interaction/interaction.ts';
import type { Policy } from '../proxy/policy.ts';
import type { Session } from '../session/session-store.ts';
import { defaultReturnPath, parseReturnPath, type ReturnPath } from './return-path.ts';
import type {
  LoginTransaction,
  StartedTransaction,
  TransactionCookies,
  Transactions,
} from './transaction.ts';

/** What a link to the login route may say. Each is checked; nothing else reaches Entra (LR-4). */
export interface LoginQuery {
  readonly returnTo: string | undefined;
  readonly prompt: string | undefined;
  readonly loginHint: string | undefined;
  readonly domainHint: string | undefined;
  readonly feature: string | undefined;
  readonly ticket: string | undefined;
}

export interface StartedLogin {
  /** Entra's address. */
  readonly location: string;
  readonly started: StartedTransaction;
}

/** Begins a sign-in: nothing is stored on the server. */
export interface Login {
  /** @throws {BffError} request_invalid */
  begin(query: LoginQuery, session: Session | undefined, cookies: TransactionCookies): Promise<StartedLogin>;
  /** Begins again what could not be finished, once. */
  restart(wish: RestartWish, cookies: TransactionCookies): Promise<StartedLogin>;
}

export interface RestartWish {
  readonly returnPath: ReturnPath;
  readonly scopes: readonly string[];
  readonly restarts: number;
  readonly feature?: string;
}

export interface LoginNeeds {
  readonly origin: string;
  readonly codeFlow: CodeFlow;
  readonly policy: Policy;
  readonly transactions: Transactions;
  readonly interaction: Interaction;
}

const MAX_HINT_LENGTH = 254; // the longest e-mail address (RFC 5321, 4.5.3.1)
const prompts = ['login', 'select_account', 'none'] as const;

/** All that a sign-in asks for: what every sign-in asks, and what this one asks beside it. */
export function requestedScopes(policy: Policy, { scopes }: Pick<LoginTransaction, 'scopes'>): string[] {
  return [...new Set([...policy.signInScopes, ...scopes])];
}

export function createLogin({ origin, codeFlow, policy, transactions, interaction }: LoginNeeds): Login {
  return {
    async begin(query, session, cookies) {
      const prompt = parsePrompt(query.prompt);
      const domainHint = parseHint(query.domainHint, 'domain_hint');
      const askedHint = parseHint(query.loginHint, 'login_hint');
      const ask = whatToAsk(query, session);
      // Coming from a session means the same account again: nobody should have to pick it.
      const known = prompt === 'select_account' ? undefined : session?.facts.claims;
      const loginHint =
        askedHint ??
        (ask.feature === undefined ? undefined : (known?.loginHint ?? known?.principal.username));
      const started = transactions.start(
        {
          returnPath: parseReturnPath(query.returnTo, origin) ?? defaultReturnPath,
          scopes: ask.scopes,
          restarts: 0,
          ...(ask.feature === undefined ? {} : { feature: ask.feature }),
        },
        cookies,
      );
      const location = await codeFlow.authorizeUrl({
        ...started.transaction,
        scopes: requestedScopes(policy, started.transaction),
        ...(prompt === undefined ? {} : { prompt }),
        ...(loginHint === undefined || loginHint === '' ? {} : { loginHint }),
        ...(domainHint === undefined ? {} : { domainHint }),
        ...(ask.claims === undefined ? {} : { claims: ask.claims }),
      });
      return { location, started };
    },
    async restart(wish, cookies) {
      const started = transactions.start(wish, cookies);
      const { transaction } = started;
      const scopes = requestedScopes(policy, transaction);
      return { location: await codeFlow.authorizeUrl({ ...transaction, scopes }), started };
    },
  };

  /** A ticket that does not open (forged, foreign, expired) leads to a plain sign-in. */
  function whatToAsk(
    { ticket, feature }: LoginQuery,
    session: Session | undefined,
  ): Partial<Ticket> & Pick<Ticket, 'scopes'> {
    const opened = ticket === undefined ? undefined : interaction.openTicket(ticket, session);
    if (opened) return opened;
    if (feature === undefined) return { scopes: [] };
    const known = policy.feature(feature);
    if (known === undefined)
      throw new BffError('request_invalid', { detail: 'There is no feature of that name.' });
    return { feature: known.name, scopes: known.scopes };
  }
}

function parsePrompt(text: string | undefined) {
  if (text === undefined) return undefined;
  const prompt = prompts.find((known) => known === text);
  if (prompt === undefined) {
    throw new BffError('request_invalid', { detail: `prompt is one of: ${prompts.join(', ')}.` });
  }
  return prompt;
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
