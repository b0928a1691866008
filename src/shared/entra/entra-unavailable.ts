import { BffError } from '../errors.ts';

/** Why a token request has no usable response. */
export type NoResponseReason = 'throttled' | 'no-response';

const details: Readonly<Record<NoResponseReason, string>> = {
  throttled: 'Microsoft Entra ID asks this app to wait. Try again in a moment.',
  'no-response': 'Microsoft Entra ID did not send a valid response. Try again in a moment.',
};

/** The problem of a token request without a usable response. The user cannot resolve it. */
export class EntraUnavailable extends BffError {
  /** For the log. */
  readonly reason: NoResponseReason;

  constructor(reason: NoResponseReason, retryAfterSeconds: number, cause?: unknown) {
    super('sign_in_service_unavailable', { detail: details[reason], retryAfterSeconds, cause });
    this.reason = reason;
  }
}
