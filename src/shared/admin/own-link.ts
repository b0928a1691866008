import type { TextSealer } from '../crypto/sealed-text.ts';
import type { Session } from '../session/store.ts';

/**
 * Proves that a link or a search on a page of this service led to a user. A link on another site has no proof.
 * The browser's headers about the origin of a request do not survive a reload or a sign-in in between.
 */
export interface OwnLinks {
  /** Makes the proof for the links of a page that is shown in this session. */
  proof(session: Session): string;
  isProof(text: string | undefined, session: Session): boolean;
}

export interface OwnLinksNeeds {
  /** A key of purpose `console-link`. */
  readonly sealer: TextSealer;
  readonly now: () => Date;
}

const MEANING = 'console';
/**
 * How long a page may stay open. The proof never outlives the session, because it is bound to the session
 * chain.
 */
const LIFETIME_MS = 24 * 60 * 60_000;

export function createOwnLinks({ sealer, now }: OwnLinksNeeds): OwnLinks {
  const boundTo = ({ facts }: Session) => [facts.sessionChainId];
  return {
    proof: (session) => sealer.seal(MEANING, boundTo(session), new Date(now().getTime() + LIFETIME_MS)),
    isProof: (text, session) => text !== undefined && sealer.open(text, boundTo(session)) === MEANING,
  };
}
