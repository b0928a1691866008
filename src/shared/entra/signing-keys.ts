import { Buffer } from 'node:buffer';
import { createRemoteJWKSet, customFetch, errors, exportJWK, type JWK } from 'jose';
import { signInServiceUnavailable } from '../errors.ts';
import type { SigningKeys } from '../identity/verify-id-token.ts';
import type { SendHttp } from '../network/http-request.ts';

const DEADLINE_MS = 5_000;
const MAX_BYTES = 512 * 1024;
const COOLDOWN_MS = 30_000; // an unknown key id asks again at most twice a minute
const MAX_AGE_MS = 10 * 60_000; // keys that Entra withdrew are forgotten after this
const MAX_CLOCK_SKEW_MS = 5 * 60_000; // beyond it ID tokens would be refused

/** The authority's keys, and whether they and our clock are usable. */
export interface AuthorityKeys extends SigningKeys {
  /** @throws {BffError} sign_in_service_unavailable */
  check(): Promise<void>;
  /**
   * Compares this machine's clock with the authority's current time.
   * @throws {BffError} sign_in_service_unavailable if the clock is wrong or cannot be compared
   */
  checkClock(): Promise<void>;
}

/**
 * The authority's published keys, from the one configured address: nothing in a token can name another
 * (`jku`, `x5u`, `jwk` and `x5c` are never looked at). A failed fetch is never cached as an answer.
 */
export function createSigningKeys(keysUri: string, sendHttp: SendHttp, now: () => Date): AuthorityKeys {
  const { origin, pathname, search } = new URL(keysUri);
  let clockSkewMs = 0;
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
        maxResponseBytes: MAX_BYTES,
      });
      if (headers.date !== undefined) clockSkewMs = Math.abs(Date.parse(headers.date) - now().getTime());
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
        // The set was read and has no key for this token: that is the token's fault.
        if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
          throw error;
        if (error instanceof errors.JOSENotSupported) throw error;
        throw signInServiceUnavailable("The sign-in service's keys could not be read.", error);
      }
    },
    async check() {
      // A skew is measured when keys are fetched: a clock that has been set right since is worth another look.
      if (!keySet.fresh || clockSkewMs > MAX_CLOCK_SKEW_MS) await reload();
      requireRightClock();
    },
    async checkClock() {
      await reload();
      requireRightClock();
    },
  };

  async function reload(): Promise<void> {
    await keySet.reload().catch((error: unknown) => {
      throw signInServiceUnavailable("The sign-in service's keys could not be read.", error);
    });
  }

  function requireRightClock(): void {
    if (clockSkewMs > MAX_CLOCK_SKEW_MS) throw signInServiceUnavailable("This machine's clock is wrong.");
  }
}

/** By the key itself: a token may name no key id, and two entries may share one. */
function issuerOfKey({ n, e }: JWK, published: readonly JWK[]): string | undefined {
  const entry = published.find((candidate) => candidate.n === n && candidate.e === e);
  // Entra's own member of a key: not in jose's type.
  const issuer: unknown = entry && Reflect.get(entry, 'issuer');
  return typeof issuer === 'string' ? issuer : undefined;
}
