import { type BffError, HeldBackError, RateLimitError } from '../errors.ts';
import { audit } from './audit.ts';
import { describeError } from './describe-error.ts';
import type { Log } from './log.ts';

/**
 * Records why a call failed, or why a section of a page could not be loaded. Most refusals by a rate limit, and calls that are
 * held back because an API is down, have no record.
 * @param batchPosition the call's position in its batch, from 0. Not its id, which may be personal data.
 */
export function recordProblem(error: BffError, log: Log, batchPosition?: number): void {
  const { code, status, rules, cause, extensions } = error;
  if (error instanceof HeldBackError && !error.isRecorded) return;
  if (status >= 500) {
    const described = cause === undefined ? {} : { cause: describeError(cause) };
    // Names what an administrator of this app has to correct. The texts are this service's own.
    const hint = code === 'registration_invalid' && error.detail !== undefined ? { hint: error.detail } : {};
    const position = batchPosition === undefined ? {} : { batch_position: batchPosition };
    log('error', { event: 'failed', code, status, ...position, ...hint, ...described });
    return;
  }
  const rateLimit = error instanceof RateLimitError ? error : undefined;
  if (rateLimit?.refusalsToRecord === 0) return;
  audit(log, {
    event: 'refused',
    code,
    status,
    rules: rules.length === 0 ? undefined : rules.join(' '),
    area: rateLimit?.area,
    refusals: rateLimit?.refusalsToRecord,
    reason: extensions.reason,
    feature: extensions.feature,
    batch_position: batchPosition,
    aadsts: extensions.entra_error_code,
    entra_correlation_id: extensions.correlation_id,
  });
}
