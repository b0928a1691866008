import type { BffError } from '../errors.ts';
import { audit } from './audit.ts';
import { describeError } from './describe-error.ts';
import type { Log } from './log.ts';

/** Records why a call failed, or why a section of a page could not be loaded. */
export function recordProblem(error: BffError, log: Log): void {
  const { code, status, rules, cause, extensions } = error;
  if (status >= 500) {
    const described = cause === undefined ? {} : { cause: describeError(cause) };
    // Names what an administrator of this app has to correct. The texts are this service's own.
    const hint = code === 'registration_invalid' && error.detail !== undefined ? { hint: error.detail } : {};
    log('error', { event: 'failed', code, status, ...hint, ...described });
    return;
  }
  audit(log, {
    event: 'refused',
    code,
    status,
    rules: rules.length === 0 ? undefined : rules.join(' '),
    reason: extensions.reason,
    feature: extensions.feature,
    aadsts: extensions.entra_error_code,
    entra_correlation_id: extensions.correlation_id,
  });
}
