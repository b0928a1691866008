import type { TextSealer } from '../crypto/sealed-text.ts';
import { type Caller, sessionOf } from '../session/caller.ts';

/**
 * Proves that a link or a search on a page of this service led to a user. A link on another site has no proof.
 * The browser's `Sec-Fetch-Site` header is no proof, because a reload or a sign-in on the way changes it.
 */
export interface ConsoleLinks {
  /** Creates the proof for the links of a page that is shown to this administrator. */
  proof(administrator: Caller): string;
  isProof(text: string | undefined, administrator: Caller): boolean;
}

export interface ConsoleLinksDependencies {
  /** For the purpose `console-link`. */
  readonly sealer: TextSealer;
  readonly now: () => Date;
}

/** The sealed text. The proof lies in the seal, which is bound to the administrator's session. */
const MEANING = 'console';
/** If a page stays open for longer, its links count as links on another site. */
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
