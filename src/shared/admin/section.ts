import { BffError, type ProblemCode, problems } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { recordProblem } from '../telemetry/record-problem.ts';

/** A section of the page. It can fail without the rest of the page. */
export type Section<Value> = { readonly kind: 'loaded'; readonly value: Value } | FailedSection;

/** Why a section could not be loaded, and what can be done about it. */
export interface FailedSection {
  readonly kind: 'failed';
  readonly code: ProblemCode;
  readonly title: string;
  readonly detail?: string;
  /** Why the administrator has to do something. */
  readonly reason?: string;
  /** Where the administrator can do it. */
  readonly loginUrl?: string;
  readonly adminConsentUrl?: string;
}

/** With these codes, no page can be shown. */
const fatalCodes: ReadonlySet<ProblemCode> = new Set(['session_required', 'internal_error']);

/**
 * Loads a section. A failure is logged, so that the reference on the page leads to it.
 * @throws every error after which no page can be shown
 */
export async function settle<Value>(load: () => Promise<Value>, log: Log): Promise<Section<Value>> {
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
  return {
    kind: 'failed',
    code,
    title: problems[code].title,
    ...(detail === undefined ? {} : { detail }),
    ...(reason === undefined ? {} : { reason }),
    ...(loginUrl === undefined ? {} : { loginUrl }),
    ...(adminConsentUrl === undefined ? {} : { adminConsentUrl }),
  };
}
