import { readLink, readMember, readText, readTexts } from './read-untrusted.ts';

/** An error response of the BFF itself. Act on `code`. `detail` is text for the user. @see RFC 9457 */
export class BffProblem extends Error {
  override readonly name = 'BffProblem';
  readonly code: string;
  readonly status: number;
  readonly detail: string | undefined;
  /** A path of this origin where the user can solve the problem. `client.interact` opens it. */
  readonly loginUrl: string | undefined;
  /** The feature of the policy whose permissions are missing. */
  readonly feature: string | undefined;
  /** Why the user must act, for example `consent_required`. `detail` says it in words for the user. */
  readonly reason: string | undefined;
  /** `administrator` if the user cannot resolve the `reason` alone. The client then asks only after a click. */
  readonly resolvedBy: string | undefined;
  /** Names of the missing permissions, for the page to show. */
  readonly scopes: readonly string[];
  /** The page at Microsoft where an administrator can consent for the organization: a link for the administrator. */
  readonly adminConsentUrl: string | undefined;
  /** ISO time until which the BFF asks for a declined permission only after a click. */
  readonly askAgainAt: string | undefined;
  /** Microsoft's id of this occurrence, for support. */
  readonly correlationId: string | undefined;
  /** The AADSTS number of Microsoft Entra ID, for support. */
  readonly entraErrorCode: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  /** @param document the parsed body, which may be anything */
  constructor(document: unknown, status: number, retryAfterSeconds?: number) {
    const text = (name: string) => readText(document, name);
    const code = text('code') ?? 'internal_error';
    super(text('detail') ?? text('title') ?? code);
    this.code = code;
    this.status = status;
    this.detail = text('detail');
    this.loginUrl = text('login_url');
    this.feature = text('feature');
    this.reason = text('reason');
    this.resolvedBy = text('resolved_by');
    this.scopes = readTexts(document, 'scopes');
    this.adminConsentUrl = readLink(document, 'admin_consent_url');
    this.askAgainAt = text('ask_again_at');
    this.correlationId = text('correlation_id');
    this.entraErrorCode = Number(readMember(document, 'entra_error_code')) || undefined;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Returns the problem in a response. If it has none, returns undefined and leaves the body unread. Only the header counts,
 * because the BFF passes on no header of that name. An API can send any body, with any type.
 */
export async function readProblem(response: Response): Promise<BffProblem | undefined> {
  const code = response.headers.get('bff-problem');
  if (!code) return undefined;
  const document: unknown = await response.json().catch(() => undefined); // the response to HEAD has none
  return new BffProblem({ ...Object(document), code }, response.status, readRetryAfter(response));
}

export function readRetryAfter({ headers }: Response): number | undefined {
  const text = headers.get('retry-after') ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
