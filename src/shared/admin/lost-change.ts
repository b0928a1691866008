import { BffError } from '../errors.ts';
import { type AuditRecord, audit } from '../telemetry/audit.ts';
import type { Log } from '../telemetry/log.ts';

type ChangeEvent = 'admin-sessions-ended' | 'admin-sign-ins-revoked' | 'admin-grant-revoked';

/**
 * For a change whose answer did not come: it may have been made, and is recorded as that. A refusal below 500 says
 * that nothing was done, and is recorded as the refusal of the call.
 */
export function recordingLost(
  log: Log,
  record: { readonly event: ChangeEvent; readonly target: string },
): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof BffError) || error.status >= 500) {
      const lost: AuditRecord = { ...record, outcome: 'not-known' };
      audit(log, lost);
    }
    throw error;
  };
}
