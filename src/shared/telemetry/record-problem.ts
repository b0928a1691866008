import type { BffError } from '../errors.ts';
import { audit } from './audit.ts';
import { describeError } from './describe-error.ts';
import type { Log } from './log.ts';

/** The one record of a call, or a part of a page, that ended as a problem: what refused it, or what failed. */
export function recordProblem(error: BffError, log: Log): void {
  const { code, status, rules, cause } = error;
  if (status >= 500) {
    const described = cause === undefined ? {} : { cause: describeError(cause) };
    log('error', { event: 'failed', code, status, ...described });
    return;
  }
  audit(log, {
    event: 'refused',
    code,
    status,
    rules: rules.length === 0 ? undefined : rules.join(' '),
    reason: publicText(error, 'reason'),
    feature: publicText(error, 'feature'),
    entra_correlation_id: publicText(error, 'correlation_id'),
  });
}

/** A member of the problem document, which its audit field holds to a form. */
function publicText({ extensions }: BffError, name: string): string | undefined {
  const value = extensions[name];
  return typeof value === 'string' ? value : undefined;
}
