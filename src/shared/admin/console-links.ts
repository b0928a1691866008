import type { TextSealer } from '../crypto/sealed-text.ts';
import { type Caller, sessionOf } from '../session/caller.ts';

/**
 * Proves that a link or a search on a page of this service led to a user. A link on another site has no proof.
 * The browser's headers about the origin of a request do not survive a reload or a sign-in in between.
 */
export interface ConsoleLinks {
  /** Creates the proof for the links of a page that is shown to this administrator. */
  proof(administrator: Caller): string;
  isProof(text: string | undefined, administrator: Caller): boolean;
}

export interface ConsoleLinksDependencies {
  /** Of purpose `console-link`. */
  readonly sealer: TextSealer;
  readonly now: () => Date;
}

const MEANING = 'console';
/** How long a page may stay open. A proof is bound to the session chain, so it never outlives the session. */
const LIFETIME_MS = 24 * 60 * 60_000;

export function createConsoleLinks({ sealer, now }: ConsoleLinksDependencies): ConsoleLinks {
  const boundTo = (administrator: Caller) => [sessionOf(administrator).facts.sessionChainId];
  return {
    proof: (administrator) =>
      sealer.seal(MEANING, boundTo(administrator), new Date(now().getTime() + LIFETIME_MS)),
    isProof: (text, administrator) =>
      text !== undefined && sealer.open(text, boundTo(administrator)) === MEANING,
  };
}
