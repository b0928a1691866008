import type { TextSealer } from '../crypto/sealed-text.ts';
import type { InteractionReason } from '../entra/token-errors.ts';
import { BffError } from '../errors.ts';
import type { Session } from '../session/session-store.ts';

/** Where every sign-in starts; a caller may add `return_to`. */
export const loginPath = '/api/auth/login';

/** What only the person can give, and what to ask Entra for when they come. */
export interface InteractionNeed {
  readonly reason: InteractionReason;
  readonly feature: string;
  readonly scopes: readonly string[];
  /** A claims challenge: JSON. */
  readonly claims?: string;
}

/** What a ticket tells the login route. No page and no script can choose these. */
export interface Ticket {
  readonly feature: string;
  readonly scopes: readonly string[];
  readonly claims?: string;
}

/** The one protocol for everything that needs the person: a problem with a reason and a sealed ticket. */
export interface Interaction {
  /** The problem for a call that cannot go on without the person. */
  required(session: Session, need: InteractionNeed): BffError;
  /** The ticket's content, or undefined when it is forged, expired or of another session's lineage. */
  openTicket(text: string, session: Session | undefined): Ticket | undefined;
}

const TICKET_LIFETIME_MS = 10 * 60_000;

/** @param sealer of purpose `interaction-ticket` */
export function createInteraction(sealer: TextSealer, now: () => Date): Interaction {
  return {
    required(session, { reason, feature, scopes, claims }) {
      const ticket: Ticket = { feature, scopes, ...(claims === undefined ? {} : { claims }) };
      const expiresAt = new Date(now().getTime() + TICKET_LIFETIME_MS);
      // Bound to the lineage: another person's session, or a later unrelated one, cannot use it.
      const sealed = sealer.seal(ticket, [session.facts.lineageId], expiresAt);
      return new BffError('interaction_required', {
        detail: 'This needs your attention: go to login_url, then repeat the call.',
        extensions: { reason, feature, scopes, login_url: `${loginPath}?ticket=${sealed}` },
      });
    },
    openTicket(text, session) {
      if (session === undefined) return undefined;
      const ticket = sealer.open(text, [session.facts.lineageId]);
      return ticket === undefined ? undefined : parseTicket(ticket);
    },
  };
}

/** The value is authenticated: it is what `required` sealed. */
function parseTicket(value: unknown): Ticket {
  return value as Ticket;
}

/** The problem for a call without a session. There is nothing to bind a ticket to. */
export function sessionRequired(): BffError {
  return new BffError('session_required', {
    detail: 'Nobody is signed in in this browser, or the session has ended.',
    extensions: { login_url: loginPath },
  });
}

/** The problem for a feature whose permissions the person declined: only a deliberate click asks again. */
export function consentDeclined(feature: string): BffError {
  return new BffError('consent_declined', {
    detail: 'The permissions for this feature were declined. Offer login_url for a deliberate click.',
    extensions: { feature, login_url: `${loginPath}?feature=${encodeURIComponent(feature)}` },
  });
}
