import { BffError } from '../errors.ts';

/** Entra, or our own credential there, does not work just now: nobody is signed out by it. */
export function signInServiceUnavailable(detail: string, cause?: unknown, retryAfterSeconds = 10): BffError {
  return new BffError('sign_in_service_unavailable', { detail, cause, retryAfterSeconds });
}
