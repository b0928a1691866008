import type { TextSealer } from '../crypto/sealed-text.ts';
import type { Session } from '../session/session-store.ts';

/**
 * The proof that a link or a search of our own page led to somebody. A link on another site has none, and what a browser
 * says of where a request comes from is lost as soon as a page is loaded again or a sign-in comes between.
 */
export interface OwnLinks {
  /** For the links of a page that this session is shown. */
  proof(session: Session): string;
  isProof(text: string | undefined, session: Session): boolean;
}

export interface OwnLinksNeeds {
  /** Of purpose `console-link`. */
  readonly sealer: TextSealer;
  readonly now: () => Date;
}

const MEANING = 'console';
/** As long as a page may stay open. It outlives no session: it is bound to its lineage. */
const LIFETIME_MS = 24 * 60 * 60_000;

export function createOwnLinks({ sealer, now }: OwnLinksNeeds): OwnLinks {
  const boundTo = ({ facts }: Session) => [facts.lineageId];
  return {
    proof: (session) => sealer.seal(MEANING, boundTo(session), new Date(now().getTime() + LIFETIME_MS)),
    isProof: (text, session) => text !== undefined && sealer.open(text, boundTo(session)) === MEANING,
  };
}
