import { Buffer } from 'node:buffer';
import { createRemoteJWKSet, customFetch, errors, exportJWK, type JWK } from 'jose';
import { signInServiceUnavailable } from '../errors.ts';
import type { SigningKeys } from '../identity/verify-id-token.ts';
import type { SendHttp } from '../network/http-request.ts';

const DEADLINE_MS = 5_000;
const MAX_RESPONSE_BYTES = 512 * 1024;
const COOLDOWN_MS = 30_000; // an unknown key id causes at most two fetches a minute
const MAX_AGE_MS = 10 * 60_000; // after this, withdrawn keys are no longer accepted
const MAX_CLOCK_SKEW_MS = 5 * 60_000; // with a larger difference, ID tokens would be refused

/** The authority's signing keys, and the comparison of this machine's clock with the authority's. */
export interface AuthorityKeys extends SigningKeys {
  /**
   * Fetches the keys if none are cached or they are too old. Also fetches them if the clock was wrong at the last
   * comparison, because it may have been corrected since.
   * @throws {BffError} sign_in_service_unavailable
   */
  load(): Promise<void>;
  /**
   * Compares this machine's clock with the authority's current time.
   * @throws {BffError} sign_in_service_unavailable if the clock is wrong, or if it could not be compared
   */
  checkClock(): Promise<void>;
  /** The result of the last comparison of the clocks. */
  clock(): ClockState;
}

/** This machine's clock. `unknown`: there was no response yet, or the last one had no readable `Date`. */
export type ClockState = 'right' | 'wrong' | 'unknown';

/**
 * The authority's published keys. They come only from the configured URL. A token's header parameters `jku`,
 * `x5u`, `jwk` and `x5c` are never read. A failed fetch is not cached.
 */
export function createSigningKeys(keysUri: string, sendHttp: SendHttp, now: () => Date): AuthorityKeys {
  const { origin, pathname, search } = new URL(keysUri);
  let clock: ClockState = 'unknown';
  const keySet = createRemoteJWKSet(new URL(keysUri), {
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: MAX_AGE_MS,
    [customFetch]: async () => {
      const { status, headers, body } = await sendHttp({
        method: 'GET',
        origin,
        path: pathname + search,
        headers: { accept: 'application/json' },
        borrower: { kind: 'one call' },
        deadlineMs: DEADLINE_MS,
        maxResponseBytes: MAX_RESPONSE_BYTES,
      });
      clock = compareClock(headers.date, now());
      return new Response(Buffer.from(body), { status });
    },
  });
  return {
    async resolve(header) {
      try {
        const key = await keySet(header);
        const issuer = issuerOfKey(await exportJWK(key), keySet.jwks()?.keys ?? []);
        return issuer === undefined ? { key } : { key, issuer };
      } catch (error) {
        // The keys were read, but none or several of them match this token, so the token is refused.
        if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
          throw error;
        if (error instanceof errors.JOSENotSupported) throw error;
        throw signInServiceUnavailable("The sign-in service's keys could not be read.", error);
      }
    },
    async load() {
      if (!keySet.fresh || clock === 'wrong') await reload();
    },
    async checkClock() {
      await reload();
      if (clock === 'wrong') throw signInServiceUnavailable("This machine's clock is wrong.");
      if (clock === 'unknown') throw signInServiceUnavailable("This machine's clock could not be compared.");
    },
    clock: () => clock,
  };

  async function reload(): Promise<void> {
    await keySet.reload().catch((error: unknown) => {
      throw signInServiceUnavailable("The sign-in service's keys could not be read.", error);
    });
  }
}

/** @param date the `Date` header of a response */
function compareClock(date: string | undefined, now: Date): ClockState {
  const skewMs = Math.abs(Date.parse(date ?? '') - now.getTime());
  if (Number.isNaN(skewMs)) return 'unknown';
  return skewMs > MAX_CLOCK_SKEW_MS ? 'wrong' : 'right';
}

/** Finds the entry by the key itself, because a token may have no key id, and entries may share a key id. */
function issuerOfKey({ n, e }: JWK, published: readonly JWK[]): string | undefined {
  const entry = published.find((candidate) => candidate.n === n && candidate.e === e);
  // Entra ID's extension, which jose's type does not have.
  const issuer: unknown = entry && Reflect.get(entry, 'issuer');
  return typeof issuer === 'string' ? issuer : undefined;
}
