import type { TextSealer } from '../crypto/sealed-text.ts';
import { BffError, type InteractionReason, type NoSessionReason } from '../errors.ts';
import type { ConsentDenial } from '../session/facts.ts';
import type { Session } from '../session/session.ts';
import { activeDenial, isMissingScopes } from './consent-backoff.ts';
import { reasonTexts } from './reason-texts.ts';

/** The path at which every sign-in starts. A page may add `return_to` and `display` to a `login_url`. */
export const loginPath = '/api/auth/login';

/** Why a call needs the user, and what the next sign-in requests from Entra ID. */
export interface InteractionNeed {
  readonly reason: InteractionReason;
  /** The feature of the policy that the call uses. */
  readonly feature?: string;
  readonly scopes: readonly string[];
  /** A claims challenge: JSON. */
  readonly claims?: string;
  /** Makes Entra ID ask for the user's credentials again. */
  readonly prompt?: 'login';
  /** An authentication context of Conditional Access that the sign-in must satisfy. */
  readonly authContext?: string;
  /** Entra ID's correlation id of the refused request. */
  readonly correlationId?: string;
  /** The AADSTS number of the refusal. */
  readonly entraErrorCode?: number;
}

/** What the login route reads from a ticket. No page or script can choose these values. */
export type Ticket = Pick<InteractionNeed, 'feature' | 'scopes' | 'claims' | 'prompt' | 'authContext'>;

/** Creates the problems for calls that need the user, and opens the tickets in them. */
export interface Interaction {
  /** Returns the problem for a call that needs the user or an administrator. */
  required(session: Session, need: InteractionNeed): BffError;
  /**
   * Refuses a call whose permissions are missing if the consent back-off of the feature is not over.
   * @throws {BffError} consent_declined, admin_consent_required
   */
  requireNoActiveDenial(session: Session, feature: string, scopes: readonly string[]): void;
  /** Returns the ticket's content, or undefined if the ticket is forged, expired or bound to another session chain. */
  openTicket(text: string, session: Session | undefined): Ticket | undefined;
}

export interface InteractionDependencies {
  /** Has the purpose `interaction-ticket`. */
  readonly sealer: TextSealer;
  readonly now: () => Date;
  /** Returns the URL at which an administrator consents for the whole organization. */
  readonly adminConsentUrl: (scopes: readonly string[]) => string;
}

const TICKET_LIFETIME_MS = 10 * 60_000;

export function createInteraction({ sealer, now, adminConsentUrl }: InteractionDependencies): Interaction {
  const denialProblem = (
    { by, askAgainAt }: Pick<ConsentDenial, 'by'> & Partial<ConsentDenial>,
    feature: string,
    scopes: readonly string[],
    entraErrorCode?: number,
  ) => {
    const common = {
      ...(entraErrorCode === undefined ? {} : { entra_error_code: entraErrorCode }),
      feature,
      scopes,
      login_url: `${loginPath}?${new URLSearchParams({ feature })}`,
      ...(askAgainAt === undefined ? {} : { ask_again_at: askAgainAt }),
    };
    if (by === 'user') {
      return new BffError('consent_declined', {
        detail:
          'The permissions for this feature were declined. You can continue without the feature, or try again.',
        extensions: common,
      });
    }
    return new BffError('admin_consent_required', {
      detail: 'An administrator of your organization has to grant the permissions for this feature.',
      extensions: { ...common, admin_consent_url: adminConsentUrl(scopes) },
    });
  };

  return {
    required(session, need) {
      const { reason, correlationId, entraErrorCode, feature, scopes } = need;
      if (reason === 'admin_consent_required' && feature !== undefined) {
        return denialProblem({ by: 'administrator' }, feature, scopes, entraErrorCode);
      }
      const expiresAt = new Date(now().getTime() + TICKET_LIFETIME_MS);
      // The ticket is bound to the session chain, so that neither another user's session nor a later, unrelated session
      // of this user can use it.
      const sealed = sealer.seal(toTicket(need), [session.facts.sessionChainId], expiresAt);
      return new BffError('interaction_required', {
        detail: reasonTexts[reason].text,
        extensions: {
          reason,
          resolved_by: reasonTexts[reason].resolvedBy,
          ...(feature === undefined ? {} : { feature }),
          scopes,
          login_url: `${loginPath}?ticket=${sealed}`,
          ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
          ...(entraErrorCode === undefined ? {} : { entra_error_code: entraErrorCode }),
        },
      });
    },
    requireNoActiveDenial(session, feature, scopes) {
      const denial = activeDenial(session, feature, now());
      if (denial !== undefined && isMissingScopes(session, scopes)) {
        throw denialProblem(denial, feature, scopes);
      }
    },
    openTicket(text, session) {
      if (session === undefined) return undefined;
      const ticket = sealer.open(text, [session.facts.sessionChainId]);
      return ticket === undefined ? undefined : parseTicket(ticket);
    },
  };
}

function toTicket({ feature, scopes, claims, prompt, authContext }: InteractionNeed): Ticket {
  return {
    scopes,
    ...(feature === undefined ? {} : { feature }),
    ...(claims === undefined ? {} : { claims }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(authContext === undefined ? {} : { authContext }),
  };
}

/** The value needs no check: it is authenticated, so `required` sealed it. */
function parseTicket(value: unknown): Ticket {
  return value as Ticket;
}

/** The texts for the reasons why a call has no session. */
export const noSessionTexts: Readonly<Record<NoSessionReason, string>> = {
  not_signed_in: 'No user is signed in to this browser.',
  session_idle: 'The session was not used for too long and has ended.',
  session_expired: 'The session has reached its maximum duration.',
  session_ended: 'The session was ended.',
  cookie_sent_twice:
    'This browser sent a sign-in cookie of this service twice. Only one of the two can be genuine, so neither was used and nothing was changed. Delete the cookies of this site in your browser, then sign in again.',
};

/** Returns the problem for a call without a session. It has no ticket, because there is no session to bind one to. */
export function sessionRequired(reason: NoSessionReason): BffError {
  return new BffError('session_required', {
    detail: noSessionTexts[reason],
    extensions: { reason, login_url: loginPath },
  });
}
