import { parseInteractionReason } from '../entra/errors.ts';
import { BffError, type ProblemCode, problems } from '../errors.ts';
import { reasonTexts } from '../interaction/reason-texts.ts';
import type { Log } from '../telemetry/log.ts';
import { recordProblem } from '../telemetry/record-problem.ts';

/** A section of the admin page. If it fails, the page shows the others. */
export type Section<Value> = { readonly kind: 'loaded'; readonly value: Value } | FailedSection;

/** Why a section could not be loaded, and what can be done about it. */
export interface FailedSection {
  readonly kind: 'failed';
  readonly code: ProblemCode;
  readonly title: string;
  readonly detail?: string;
  /** Why the administrator has to act. */
  readonly reason?: string;
  /** True if a new sign-in alone does not help. */
  readonly needsHelp?: true;
  /** Path where the administrator can resolve the problem. */
  readonly loginUrl?: string;
  readonly adminConsentUrl?: string;
}

/** With these codes, the whole page fails and not only the section. */
const fatalCodes: ReadonlySet<ProblemCode> = new Set(['session_required', 'internal_error']);

/**
 * Loads a section. A failure is logged with the invocation ID, which the page shows as its reference.
 * @throws the error if the whole page has to fail
 */
export async function loadSection<Value>(load: () => Promise<Value>, log: Log): Promise<Section<Value>> {
  try {
    return { kind: 'loaded', value: await load() };
  } catch (error) {
    if (!(error instanceof BffError) || fatalCodes.has(error.code)) throw error;
    recordProblem(error, log);
    return toFailedSection(error);
  }
}

function toFailedSection({ code, detail, extensions }: BffError): FailedSection {
  const { reason, login_url: loginUrl, admin_consent_url: adminConsentUrl } = extensions;
  const interactionReason = parseInteractionReason(reason);
  return {
    kind: 'failed',
    code,
    title: interactionReason === undefined ? problems[code].title : reasonTexts[interactionReason].title,
    ...(extensions.resolved_by === 'administrator' ? { needsHelp: true } : {}),
    ...(detail === undefined ? {} : { detail }),
    ...(reason === undefined ? {} : { reason }),
    ...(loginUrl === undefined ? {} : { loginUrl }),
    ...(adminConsentUrl === undefined ? {} : { adminConsentUrl }),
  };
}
