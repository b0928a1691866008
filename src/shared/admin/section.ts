import { BffError, type ProblemCode, problems } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { recordProblem } from '../telemetry/record-problem.ts';

/** Why a part of the page is missing, and what would bring it. */
export interface FailedPart {
  readonly kind: 'failed';
  readonly code: ProblemCode;
  readonly title: string;
  readonly detail?: string;
  /** Why the person is needed. */
  readonly reason?: string;
  /** Where the person themselves can help. */
  readonly loginUrl?: string;
  readonly adminConsentUrl?: string;
}

/** A part of the page: each can fail alone. */
export type Part<Value> = { readonly kind: 'answered'; readonly value: Value } | FailedPart;

/** Without a session there is no page either. */
const endsThePage: ReadonlySet<ProblemCode> = new Set(['session_required', 'internal_error']);

/** @throws what leaves no page to show; anything else is recorded, so that the page's reference leads somewhere */
export async function attempt<Value>(read: () => Promise<Value>, log: Log): Promise<Part<Value>> {
  try {
    return { kind: 'answered', value: await read() };
  } catch (error) {
    if (!(error instanceof BffError) || endsThePage.has(error.code)) throw error;
    recordProblem(error, log);
    return toFailedPart(error);
  }
}

function toFailedPart({ code, detail, extensions }: BffError): FailedPart {
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
