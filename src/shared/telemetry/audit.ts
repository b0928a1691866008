import { interactionReasons, type ProblemCode, problems, refusingRules, sessionEnds } from '../errors.ts';
import type { Log, LogLevel } from './log.ts';

/** What a field may hold. Every form is closed: no text that somebody wrote fits one. */
interface Form<Value extends string | number> {
  readonly fits: (value: string | number) => boolean;
  /** Only there for the type. */
  readonly of?: Value;
}

interface Optional<Value extends string | number> extends Form<Value> {
  readonly optional: true;
}

const optional = <Value extends string | number>(form: Form<Value>): Optional<Value> => ({
  ...form,
  optional: true,
});

const oneOf = <const Text extends string>(...texts: readonly Text[]): Form<Text> => ({
  fits: (value) => texts.some((text) => text === value),
});

/** The same for what comes from elsewhere: another word is no fault of the caller's. */
const listed = (...texts: readonly string[]): Form<string> => oneOf(...texts);

/** Several words with a space between. */
const someOf = (...texts: readonly string[]): Form<string> => ({
  fits: (value) =>
    String(value)
      .split(' ')
      .every((word) => texts.includes(word)),
});

const textOf = (form: RegExp): Form<string> => ({
  fits: (value) => typeof value === 'string' && form.test(value),
});

const count: Form<number> = {
  fits: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};
/** An AADSTS number. */
const aadsts: Form<number> = {
  fits: (value) => Number.isSafeInteger(value) && Number(value) > 0 && Number(value) < 1e9,
};
/** `AADSTS` and a number, or a code of ours or of a library, which the product's source spells. */
const code = textOf(/^(?:AADSTS\d{4,8}|[a-z][a-z0-9_-]{0,63})$/);
/** Of the policy file, or of a function of your own. */
const featureName = textOf(/^[a-z][a-z0-9-]{0,30}$/);
const id = textOf(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
/** A person's pseudonym: `auditPseudonym` makes it. */
const userKey = textOf(/^[A-Za-z0-9_-]{16}$/);
/** `not-known`: the answer did not come, and the change may have been made. */
const changeOutcome = oneOf('done', 'not-known');
const problemCode = oneOf(...(Object.keys(problems) as ProblemCode[]));

const oauthErrors = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
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
  readonly fields: Readonly<Record<string, Form<string | number>>>;
}

/** Every audit event. `docs/audit.md` has the same table; a test holds the two equal. */
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
      feature: optional(featureName),
    },
  },
  'sign-in-failed': { level: 'error', fields: { reason: code, feature: optional(featureName) } },
  refused: {
    level: 'warn',
    fields: {
      code: problemCode,
      status: count,
      rules: optional(someOf(...refusingRules)),
      reason: optional(listed(...interactionReasons, ...sessionEnds)),
      feature: optional(featureName),
      entra_correlation_id: optional(id),
    },
  },
  'refresh-refused': {
    level: 'warn',
    fields: {
      reason: oneOf(...interactionReasons),
      oauth: listed(...oauthErrors),
      aadsts: optional(aadsts),
      entra_correlation_id: id,
    },
  },
  'refresh-failed': {
    level: 'error',
    fields: {
      reason: oneOf(
        'own-credential-refused',
        'own-credential-unusable',
        'transient',
        'no-answer',
        'not-checked',
      ),
      oauth: optional(listed(...oauthErrors)),
      aadsts: optional(aadsts),
      entra_correlation_id: id,
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
  'admin-user-opened': { level: 'info', fields: { target: userKey, via: optional(oneOf('link')) } },
  'admin-sessions-ended': {
    level: 'info',
    fields: { target: userKey, outcome: changeOutcome, sessions: optional(count) },
  },
  'admin-sign-ins-revoked': { level: 'info', fields: { target: userKey, outcome: changeOutcome } },
  'admin-grant-revoked': { level: 'info', fields: { target: userKey, outcome: changeOutcome } },
} as const satisfies Record<string, AuditEvent>;

type AuditEvents = typeof auditEvents;
type AuditEventName = keyof AuditEvents;
type ValueOf<OfForm> = OfForm extends Form<infer Value> ? Value : never;
type OptionalNames<Fields> = {
  [Name in keyof Fields]: Fields[Name] extends { readonly optional: true } ? Name : never;
}[keyof Fields];
type FieldsOf<Fields> = {
  readonly [Name in Exclude<keyof Fields, OptionalNames<Fields>>]: ValueOf<Fields[Name]>;
} & { readonly [Name in OptionalNames<Fields>]?: ValueOf<Fields[Name]> | undefined };

/** One audit event. `user` where it is another than the one whom the call's log names by itself, or the call has none. */
export type AuditRecord = {
  [Event in AuditEventName]: { readonly event: Event; readonly user?: string | undefined } & FieldsOf<
    AuditEvents[Event]['fields']
  >;
}[AuditEventName];

/** In place of a value that does not have its field's form: a code that the table does not know, from Entra for example. */
const UNLISTED = 'unlisted';

/** Writes one audit record: the fields of its event, each in its form, and nothing else. */
export function audit(log: Log, record: AuditRecord): void {
  const { level, fields }: AuditEvent = auditEvents[record.event];
  const given: Readonly<Record<string, unknown>> = { ...record };
  const written: Record<string, string | number> = {};
  for (const [name, form] of Object.entries({ user: userKey, ...fields })) {
    const value = given[name];
    if (value === undefined) continue;
    const isPlain = typeof value === 'string' || typeof value === 'number';
    written[name] = isPlain && form.fits(value) ? value : UNLISTED;
  }
  log(level, { event: record.event, audit: true, ...written });
}
