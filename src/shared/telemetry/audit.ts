import {
  interactionReasons,
  noSessionReasons,
  problemCodes,
  rateLimitedAreas,
  refusingRules,
} from '../errors.ts';
import { guidPattern } from '../guid.ts';
import type { Log, LogLevel } from './log.ts';

/** Accepts the values of a field. Every validator accepts numbers, listed values or a narrow pattern, never free text. */
interface Validator<Value extends string | number> {
  readonly accepts: (value: string | number) => boolean;
  /** Never set. Carries the type of the values. */
  readonly type?: Value;
}

interface Optional<Value extends string | number> extends Validator<Value> {
  readonly optional: true;
}

const optional = <Value extends string | number>(validator: Validator<Value>): Optional<Value> => ({
  ...validator,
  optional: true,
});

const oneOf = <const Text extends string>(...texts: readonly Text[]): Validator<Text> => ({
  accepts: (value) => texts.some((text) => text === value),
});

/** Like `oneOf`, but the compiler accepts any text. A text that is not listed is written as `unlisted`. */
const listed = (...texts: readonly string[]): Validator<string> => oneOf(...texts);

/** Some of these words, separated by spaces. */
const someOf = (...texts: readonly string[]): Validator<string> => ({
  accepts: (value) =>
    String(value)
      .split(' ')
      .every((word) => texts.includes(word)),
});

const matching = (pattern: RegExp): Validator<string> => ({
  accepts: (value) => typeof value === 'string' && pattern.test(value),
});

const count: Validator<number> = {
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};
/** An AADSTS number. */
const aadsts: Validator<number> = {
  accepts: (value) => Number.isSafeInteger(value) && Number(value) > 0 && Number(value) < 1e9,
};
/** `AADSTS` and a number, or a code from the source of this product or a library. */
const code = matching(/^(?:AADSTS\d{4,8}|[a-z][a-z0-9_-]{0,63})$/);
/** The name of a feature: of a policy, of the admin page or of a custom function. */
const featureName = matching(/^[a-z][a-z0-9-]{0,30}$/);
const guid = matching(guidPattern);
/** The pseudonym of a user, see `auditPseudonym`. */
const pseudonym = matching(/^[A-Za-z0-9_-]{16}$/);
/** `not-known`: no response arrived, and the change may have been made. */
const changeOutcome = oneOf('done', 'not-known');
const problemCode = oneOf(...problemCodes);

const oauthErrors = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'invalid_resource',
  'unauthorized_client',
  'unsupported_grant_type',
  'consent_required',
  'interaction_required',
  'login_required',
  'access_denied',
  'server_error',
  'temporarily_unavailable',
] as const;

interface AuditEvent {
  readonly level: LogLevel;
  readonly fields: Readonly<Record<string, Validator<string | number>>>;
}

/** Every audit event. `docs/audit.md` has the same table, and a test compares the two. */
export const auditEvents = {
  'consent-asked': { level: 'info', fields: { permissions: count, feature: optional(featureName) } },
  'consent-declined': { level: 'warn', fields: { reason: code, feature: optional(featureName) } },
  'admin-consent-needed': { level: 'warn', fields: { reason: code, feature: optional(featureName) } },
  'signed-in': { level: 'info', fields: { feature: optional(featureName) } },
  'sign-in-refused': {
    level: 'warn',
    fields: {
      outcome: oneOf(
        'login_canceled',
        'login_required',
        'signed_out_meanwhile',
        'other_account',
        'fewer_permissions',
        'took_too_long',
        'sign_in_refused',
      ),
      reason: code,
      aadsts: optional(aadsts),
      feature: optional(featureName),
    },
  },
  'sign-in-failed': {
    level: 'error',
    fields: { reason: code, aadsts: optional(aadsts), feature: optional(featureName) },
  },
  refused: {
    level: 'warn',
    fields: {
      code: problemCode,
      status: count,
      rules: optional(someOf(...refusingRules)),
      area: optional(oneOf(...rateLimitedAreas)),
      refusals: optional(count),
      reason: optional(listed(...interactionReasons, ...noSessionReasons)),
      feature: optional(featureName),
      batch_position: optional(count),
      aadsts: optional(aadsts),
      entra_correlation_id: optional(guid),
    },
  },
  'refresh-refused': {
    level: 'warn',
    fields: {
      reason: oneOf(...interactionReasons),
      oauth: listed(...oauthErrors),
      aadsts: optional(aadsts),
      entra_correlation_id: guid,
    },
  },
  'refresh-failed': {
    level: 'error',
    fields: {
      reason: oneOf(
        'own-credential-refused',
        'own-credential-unusable',
        'registration-invalid',
        'throttled',
        'transient',
        'no-response',
        'not-checked',
      ),
      oauth: optional(listed(...oauthErrors)),
      aadsts: optional(aadsts),
      entra_correlation_id: guid,
    },
  },
  'renewal-not-trusted': { level: 'error', fields: { reason: code } },
  'row-not-opened': { level: 'error', fields: { reason: oneOf('unreadable', 'retired-key', 'newer') } },
  'cookie-sent-twice': {
    level: 'warn',
    fields: { cookies: someOf('session', 'login-transaction', 'logout-pending') },
  },
  'token-returned': {
    level: 'error',
    fields: { feature: featureName, place: oneOf('headers', 'body') },
  },
  'session-ended': {
    level: 'info',
    fields: { by: oneOf('user', 'entra', 'service', 'limit'), sessions: count },
  },
  'sign-out-pending': { level: 'error', fields: {} },
  'admin-user-opened': { level: 'info', fields: { target: pseudonym, via: optional(oneOf('link')) } },
  'admin-sessions-ended': {
    level: 'info',
    fields: { target: pseudonym, outcome: changeOutcome, sessions: optional(count) },
  },
  'admin-sign-ins-revoked': { level: 'info', fields: { target: pseudonym, outcome: changeOutcome } },
  'admin-grant-revoked': { level: 'info', fields: { target: pseudonym, outcome: changeOutcome } },
} as const satisfies Record<string, AuditEvent>;

type AuditEvents = typeof auditEvents;
type AuditEventName = keyof AuditEvents;
type ValueOf<Field> = Field extends Validator<infer Value> ? Value : never;
type OptionalNames<Fields> = {
  [Name in keyof Fields]: Fields[Name] extends { readonly optional: true } ? Name : never;
}[keyof Fields];
type FieldsOf<Fields> = {
  readonly [Name in Exclude<keyof Fields, OptionalNames<Fields>>]: ValueOf<Fields[Name]>;
} & { readonly [Name in OptionalNames<Fields>]?: ValueOf<Fields[Name]> | undefined };

/** One audit event. If `user` is not set, the call's log adds the user of the call. */
export type AuditRecord = {
  [Event in AuditEventName]: { readonly event: Event; readonly user?: string | undefined } & FieldsOf<
    AuditEvents[Event]['fields']
  >;
}[AuditEventName];

/** Written in place of a value that its field's validator rejects, such as a new error code from Entra ID. */
const UNLISTED = 'unlisted';

/** Writes one audit record: the validated fields of its event, and nothing else. */
export function audit(log: Log, record: AuditRecord): void {
  const { level, fields }: AuditEvent = auditEvents[record.event];
  const values: Readonly<Record<string, unknown>> = { ...record };
  const written: Record<string, string | number> = {};
  for (const [name, validator] of Object.entries({ user: pseudonym, ...fields })) {
    const value = values[name];
    if (value === undefined) continue;
    const isScalar = typeof value === 'string' || typeof value === 'number';
    written[name] = isScalar && validator.accepts(value) ? value : UNLISTED;
  }
  log(level, { event: record.event, audit: true, ...written });
}
