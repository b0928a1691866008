import { describe, expect, it } from 'vitest';
import { type AuditRecord, audit, auditEvents } from '../../../src/shared/telemetry/audit.ts';
import { type LogLevel, type LogRecord, toLogLine, withFields } from '../../../src/shared/telemetry/log.ts';

const correlationId = '5b0f6c1e-9d1f-4c55-8a3e-0f2b6d7c9a10';
const key = 'q0T2nX9vZ3mBk7Lc';

/** One record of each event with every possible field. */
const complete: readonly AuditRecord[] = [
  { event: 'consent-asked', permissions: 2, feature: 'mail' },
  { event: 'consent-declined', reason: 'AADSTS65004', feature: 'mail' },
  { event: 'admin-consent-needed', reason: 'AADSTS90094', feature: 'mail' },
  { event: 'signed-in', feature: 'mail' },
  { event: 'sign-in-refused', outcome: 'sign_in_refused', reason: 'nonce', aadsts: 50105, feature: 'mail' },
  { event: 'sign-in-failed', reason: 'own-credential-refused', aadsts: 7000222, feature: 'mail' },
  {
    event: 'refused',
    code: 'claim_required',
    status: 403,
    rules: 'tenants roles',
    area: 'proxy',
    refusals: 3,
    reason: 'session_ended',
    feature: 'mail',
    batch_position: 2,
    aadsts: 50105,
    entra_correlation_id: correlationId,
  },
  {
    event: 'refresh-refused',
    reason: 'refresh_token_expired',
    oauth: 'invalid_grant',
    aadsts: 700082,
    entra_correlation_id: correlationId,
  },
  {
    event: 'refresh-failed',
    reason: 'own-credential-refused',
    oauth: 'invalid_client',
    aadsts: 7000222,
    entra_correlation_id: correlationId,
  },
  { event: 'renewal-not-trusted', reason: 'other_identity' },
  { event: 'row-not-opened', reason: 'unreadable' },
  { event: 'cookie-sent-twice', cookies: 'session login-transaction' },
  { event: 'token-returned', feature: 'orders', place: 'body' },
  { event: 'session-ended', by: 'user', sessions: 1 },
  { event: 'sign-out-pending' },
  { event: 'admin-user-opened', target: key, via: 'link' },
  { event: 'admin-sessions-ended', target: key, outcome: 'done', sessions: 3 },
  { event: 'admin-sign-ins-revoked', target: key, outcome: 'not-known' },
  { event: 'admin-grant-revoked', target: key, outcome: 'done' },
];

/** Returns the entries that `audit` logs. */
function written(record: AuditRecord): { level: LogLevel; record: LogRecord } {
  const records: { level: LogLevel; record: LogRecord }[] = [];
  audit((level, line) => records.push({ level, record: line }), record);
  const [only] = records;
  if (only === undefined || records.length !== 1) throw new Error('not one record');
  return only;
}

describe('audit', () => {
  it('is tested with every event and every field of its table', () => {
    expect(complete.map(({ event, ...fields }) => [event, Object.keys(fields)])).toEqual(
      Object.entries(auditEvents).map(([event, { fields }]) => [event, Object.keys(fields)]),
    );
  });

  it.each(complete)('writes one record with its level and fields: $event', (record) => {
    const { level, record: line } = written({ ...record, user: key });
    expect(level).toBe(auditEvents[record.event].level);
    expect(line).toEqual({ ...record, audit: true, user: key });
  });

  it('omits fields without a value', () => {
    const { record } = written({ event: 'signed-in', user: undefined, feature: undefined });
    expect(Object.keys(record)).toEqual(['event', 'audit']);
  });

  it('writes an unknown error code of Entra ID as unlisted', () => {
    const { record } = written({
      event: 'refresh-refused',
      reason: 'sign_in_required',
      oauth: 'alice_was_here',
      entra_correlation_id: correlationId,
    });
    expect(record['oauth']).toBe('unlisted');
  });

  describe('refuses', () => {
    const hostile = [
      'x\r\n{"event":"signed-in","audit":true}',
      '\u001b[2J\u001b[31mred',
      '"},{"event":"signed-in',
      'a\u2028b\u2029c',
      'a\u0085b\u009bc',
      'a\u0000b',
      '\ud800',
      '%24{jndi:ldap://evil.test}',
      '<script>alert(1)</script>',
      'alice@contoso.example',
      'Alice Adams',
      'eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiJhIn0.c2ln',
      `${'a'.repeat(10_000)}`,
      '',
    ];
    const positions = complete.flatMap((record) =>
      ['user', ...Object.keys(auditEvents[record.event].fields)].map(
        (field) => [record.event, field] as const,
      ),
    );

    it.each(positions)('%s: an invalid value of %s', { tags: ['ER-3'] }, (event, field) => {
      const good = complete.find((record) => record.event === event);
      for (const value of [...hostile, Number.NaN, -1, 1.5, {}, ['x'], null]) {
        // As a bug would do it. The types prevent it.
        const { record } = written({ ...good, [field]: value } as AuditRecord);
        expect(record[field]).toBe('unlisted');
        const line = toLogLine(record);
        expect(line).not.toMatch(/[^\x20-\x7e]/);
        expect(JSON.parse(line)).toEqual(record);
      }
    });

    it('fields that the table does not have', () => {
      const given = { event: 'signed-in', name: 'Alice Adams', token: 'eyJ' } as AuditRecord;
      expect(written(given).record).toEqual({ event: 'signed-in', audit: true });
    });

    it('a second line in any other log entry', { tags: ['ER-3'] }, () => {
      for (const value of hostile) {
        const line = toLogLine({ event: 'diagnostic', cause: value });
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(JSON.parse(line)).toEqual({ event: 'diagnostic', cause: value });
      }
    });
  });
});

describe('a log with fields', () => {
  it('has them in every later record, unless a record has its own', () => {
    const lines: LogRecord[] = [];
    const known: { user?: string } = {};
    const log = withFields((_level, record) => lines.push(record), known);
    log('info', { event: 'before' });
    known.user = 'a';
    log('info', { event: 'after' });
    log('info', { event: 'other', user: 'b' });
    expect(lines).toEqual([
      { event: 'before' },
      { event: 'after', user: 'a' },
      { event: 'other', user: 'b' },
    ]);
  });
});
