import { BffError, type NoSessionReason, type ProblemCode } from '../errors.ts';
import { withoutBounce } from '../pages/bounce-page.ts';
import type { PageDocument } from '../pages/document.ts';
import { errorPage } from '../pages/error-page.ts';
import { interactionPage } from '../pages/interaction-page.ts';
import { noAccessPage } from '../pages/no-access-page.ts';
import type { Present, Presentation } from '../pages/presentation.ts';
import type { Log } from '../telemetry/log.ts';
import { recordProblem } from '../telemetry/record-problem.ts';
import { isFileNavigation } from './cross-site.ts';
import { documentResponse } from './document.ts';
import { type ErrorFormat, problemHeaders, problemResponse } from './problem.ts';
import { type BffRequest, prefersHtml } from './request.ts';
import { type BffResponse, requireSendable } from './response.ts';

/** The rules of an endpoint that decide about its error responses. */
interface ErrorRules {
  /** Default: `problem`. */
  readonly errorFormat?: ErrorFormat;
  /** Links of the app may lead to the endpoint, so the user sees an error of a navigation. Default: false. */
  readonly acceptsEmbed?: boolean;
  /** A problem with this code is not logged. */
  readonly unrecorded?: ProblemCode;
}

/** What an error response depends on, beside the error. */
interface ErrorContext {
  readonly request: BffRequest;
  readonly rules: ErrorRules;
  readonly present: Present;
}

/** Logs an error and turns it into a response. Any error that is not a `BffError` becomes `internal_error`. */
export function errorResponse(thrown: unknown, context: ErrorContext, log: Log): BffResponse {
  try {
    const error = thrown instanceof BffError ? thrown : new BffError('internal_error', { cause: thrown });
    const response = reportError(error, context, log);
    requireSendable(response);
    return response;
  } catch (cause) {
    // An error of a custom function may have members that cannot be logged or sent.
    return reportError(new BffError('internal_error', { cause }), context, log);
  }
}

function reportError(error: BffError, { request, rules, present }: ErrorContext, log: Log): BffResponse {
  const { errorFormat: format = 'problem', acceptsEmbed = false, unrecorded } = rules;
  if (error.code !== unrecorded) recordProblem(error, log);
  const accept = request.header('accept');
  const isPage = acceptsEmbed ? isFileNavigation(request) : format === 'html' && prefersHtml(accept);
  if (!isPage) return problemResponse(error, request.invocationId, { format, accept });
  return documentResponse(
    toErrorPage(present(request.header('accept-language')), error, acceptsEmbed, request),
    problemHeaders(error),
  );
}

function toErrorPage(
  presentation: Presentation,
  error: BffError,
  acceptsEmbed: boolean,
  { routePath, rawQuery, invocationId }: BffRequest,
): PageDocument {
  // No sign-in leads back to a file of an API.
  const [path, query] = acceptsEmbed ? ['/', ''] : [routePath, rawQuery];
  if (error.is('claim_required')) return noAccessPage(presentation, error, path, invocationId);
  if (error.is('interaction_required')) {
    return interactionPage(presentation, error, withoutBounce(path, query), invocationId);
  }
  return errorPage(
    presentation,
    error,
    invocationId,
    error.is('session_required') ? sessionPageOptions(error.extensions.reason) : {},
  );
}

/** Overrides the title of the `session_required` page if signing in would not be enough. */
const sessionPageOptions = (reason: NoSessionReason) =>
  reason === 'cookie_sent_twice' ? ({ title: 'two_cookies.title' } as const) : {};
