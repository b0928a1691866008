import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node';
import { readClaimsRequest } from '../entra/claims-request.ts';
import type { CredentialVerdict } from '../entra/credential-verdict.ts';
import { EntraUnavailable, type NoResponseReason } from '../entra/entra-unavailable.ts';
import { interpretTokenError, type TokenErrorResponse } from '../entra/errors.ts';
import type { HttpResponse, SendHttp } from '../network/http-request.ts';
import { parseRetryAfterSeconds } from '../network/retry-after.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { isTokenResponse } from './token-response.ts';

export const TOKEN_REQUEST_DEADLINE_MS = 8_000;
export const MAX_TOKEN_RESPONSE_BYTES = 256 * 1024;
/** The pause after an error that means throttling, if the response has no `Retry-After`. */
const THROTTLED_SECONDS = 60;

/**
 * Sends MSAL's token requests, with a deadline. Each MSAL client has its own instance. MSAL turns every error thrown here
 * into `network_error` and drops `Retry-After` (measured), so the properties below hold the cause.
 */
export class TokenEndpoint implements INetworkModule {
  /** The problem to throw if there was no usable response. The user cannot resolve it. */
  failure: EntraUnavailable | undefined;
  /** The error response of Entra ID, if it sent one instead of tokens. */
  entraError: TokenErrorResponse | undefined;
  readonly #sendHttp: SendHttp;
  readonly #breaker: CircuitBreaker;
  readonly #credentialVerdict: CredentialVerdict;

  constructor(sendHttp: SendHttp, breaker: CircuitBreaker, credentialVerdict: CredentialVerdict) {
    this.#sendHttp = sendHttp;
    this.#breaker = breaker;
    this.#credentialVerdict = credentialVerdict;
  }

  /** MSAL uses GET only for discovery documents, and their content is configured (see `createMsal`). */
  sendGetRequestAsync<T>(): Promise<NetworkResponse<T>> {
    throw this.#fail('no-response', undefined, new TypeError('no discovery request is expected'));
  }

  async sendPostRequestAsync<T>(url: string, options?: NetworkRequestOptions): Promise<NetworkResponse<T>> {
    this.entraError = undefined;
    const breaker = this.#breaker;
    const pausedSeconds = breaker.startRequest();
    if (pausedSeconds !== undefined) throw this.#fail('no-response', pausedSeconds);
    const { origin, pathname, search } = new URL(url);
    let response: HttpResponse;
    try {
      response = await this.#sendHttp({
        method: 'POST',
        origin,
        path: pathname + search,
        headers: options?.headers ?? {},
        body: Buffer.from(options?.body ?? ''),
        borrower: { kind: 'one call' },
        deadlineMs: TOKEN_REQUEST_DEADLINE_MS,
        maxResponseBytes: MAX_TOKEN_RESPONSE_BYTES,
      });
    } catch (error) {
      breaker.recordFailure();
      throw this.#fail('no-response', undefined, error);
    }
    if (response.status === 429 || response.status >= 500) {
      const retryAfterSeconds = parseRetryAfterSeconds(response.headers['retry-after'], new Date());
      const isThrottled = response.status === 429;
      if (isThrottled) breaker.recordThrottling(retryAfterSeconds);
      else breaker.recordFailure(retryAfterSeconds);
      throw this.#fail(isThrottled ? 'throttled' : 'no-response', retryAfterSeconds);
    }
    const body = parseJsonObject(response.body.toString('utf8'));
    const entraError = response.status === 200 ? undefined : parseTokenErrorResponse(body ?? {});
    this.entraError = entraError;
    const meaning = entraError === undefined ? undefined : interpretTokenError(entraError);
    if (meaning?.kind === 'throttled') {
      // Entra ID sends these errors with status 400. A loop of one user says nothing about other users.
      const requested = parseRetryAfterSeconds(response.headers['retry-after'], new Date());
      const retryAfterSeconds = requested ?? THROTTLED_SECONDS;
      if (meaning.by === 'user') breaker.recordUserThrottling(retryAfterSeconds);
      else breaker.recordThrottling(retryAfterSeconds);
      throw this.#fail('throttled', retryAfterSeconds);
    }
    breaker.recordSuccess();
    if (body === undefined) throw this.#fail('no-response');
    if (response.status !== 200) {
      if (entraError === undefined) throw this.#fail('no-response');
      // The app may be unknown or disabled in the tenant of one user. That says nothing about the credential.
      const isRefused = meaning?.kind === 'own-credential-refused' && meaning.fault !== 'app';
      if (isRefused) this.#credentialVerdict.recordRefused();
    } else if (!isTokenResponse(body)) {
      throw this.#fail('no-response');
    } else {
      this.#credentialVerdict.recordAccepted();
    }
    return { status: response.status, headers: {}, body: toMsalBody<T>(body) };
  }

  #fail(reason: NoResponseReason, retryAfterSeconds = 5, cause?: unknown): EntraUnavailable {
    this.failure = new EntraUnavailable(reason, retryAfterSeconds, cause);
    return this.failure;
  }
}

/** `T` is the body that MSAL expects. MSAL checks the fields that it reads. */
function toMsalBody<T>(body: Record<string, unknown>): T {
  return body as T;
}

export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined; // for example HTML from a proxy, or no body
  }
}

export function parseTokenErrorResponse(body: Record<string, unknown>): TokenErrorResponse | undefined {
  const { error, suberror, error_codes: codes } = body;
  const claims = readClaimsRequest(body['claims']);
  if (typeof error !== 'string') return undefined;
  return {
    error,
    numbers: Array.isArray(codes) ? codes.filter((code): code is number => typeof code === 'number') : [],
    ...(typeof suberror === 'string' ? { suberror } : {}),
    ...(claims === undefined ? {} : { claims }),
  };
}
