import type { InteractionFailed } from '../interaction-failed.ts';
import { BffProblem, readProblem } from '../problem.ts';
import { readMember } from '../read-untrusted.ts';

/** What the client throws if the service refuses a call, or if the user did not do what the call needs. */
export type Failure = BffProblem | InteractionFailed;

/** Names a failure of this page in the response that a library gets for it. */
const failureHeader = 'bff-failure';
/** A library shows its error to the page within moments. More failures than this do not wait. */
const remembered = 200;
const failures = new Map<string, Failure>();
let count = 0;

/**
 * Whether the client threw this. By name, because a page may load the client from the service and this module from a
 * package.
 */
function isFailure(error: unknown): error is Failure {
  return error instanceof Error && /^(BffProblem|InteractionFailed)$/.test(error.name);
}

const isProblem = (failure: Failure): failure is BffProblem => failure.name === 'BffProblem';

/**
 * Returns a response that libraries read like an error of Graph, with the status of the problem. Libraries drop or wrap what
 * `fetch` throws, but they report responses, and repeat a call that is refused for a short time only.
 * @throws what was thrown if it is neither a problem of the service nor a failed interaction, such as a lost network
 */
export function toErrorResponse(error: unknown): Response {
  if (!isFailure(error)) throw error;
  const problem = isProblem(error) ? error : error.problem;
  const code = problem?.code ?? (isProblem(error) ? error.code : error.kind);
  const id = String(++count);
  failures.set(id, error);
  for (const oldest of failures.keys()) {
    if (failures.size > remembered) failures.delete(oldest);
  }
  const headers: Record<string, string> = { [failureHeader]: id, 'content-type': 'application/json' };
  if (problem) headers['bff-problem'] = problem.code;
  if (problem?.retryAfterSeconds !== undefined) headers['retry-after'] = String(problem.retryAfterSeconds);
  const members = { code, ...toMembers(problem), ...(!isProblem(error) && { failure: error.kind }) };
  const innerError = { ...members, date: new Date().toISOString() };
  const body = { ...members, error: { code, message: problem?.message ?? error.message, innerError } };
  return new Response(JSON.stringify(body), { status: problem?.status ?? 401, headers });
}

/** The members of a problem as the service sends them. */
function toMembers(problem: BffProblem | undefined): Readonly<Record<string, unknown>> {
  if (!problem) return {};
  return {
    status: problem.status,
    detail: problem.detail,
    reason: problem.reason,
    login_url: problem.loginUrl,
    feature: problem.feature,
    scopes: problem.scopes,
    resolved_by: problem.resolvedBy,
    admin_consent_url: problem.adminConsentUrl,
    ask_again_at: problem.askAgainAt,
    correlation_id: problem.correlationId,
    entra_error_code: problem.entraErrorCode,
  };
}

/**
 * Returns what the client threw, for the error that a library made of it. Undefined if the error has another cause.
 * @param error what the library threw, or a response
 */
export function failureOf(error: unknown): Failure | undefined {
  if (isFailure(error)) return error;
  const id = readHeader(error, failureHeader);
  return id === undefined ? undefined : failures.get(id);
}

/**
 * Returns the problem behind an error of a library, or behind a response such as a part of a batch. Pass it to
 * `client.interact`. Undefined if the service refused nothing.
 */
export async function problemOf(error: unknown): Promise<BffProblem | undefined> {
  const failure = failureOf(error);
  if (failure) return isProblem(failure) ? failure : failure.problem;
  const response = error instanceof Response ? error : readMember(error, 'response');
  return response instanceof Response && !response.bodyUsed ? readProblem(response.clone()) : undefined;
}

/**
 * Returns the problems of the parts of a batch that the service answered itself, by the ids of the parts.
 * @param response of a `$batch` call. Its body stays unread.
 */
export async function problemsOf(response: Response): Promise<ReadonlyMap<string, BffProblem>> {
  const positions = response.headers.get('bff-answered-parts')?.match(/\d+/g) ?? [];
  const problems = new Map<string, BffProblem>();
  if (positions.length === 0) return problems;
  const parts = readMember(await response.clone().json(), 'responses');
  for (const position of positions) {
    const part = readMember(parts, position);
    const body = readMember(part, 'body');
    const id = readMember(part, 'id');
    // A request that was not sent because of another one has no problem of its own.
    if (typeof id !== 'string' || typeof readMember(body, 'code') !== 'string') continue;
    problems.set(id, new BffProblem(body, Number(readMember(part, 'status'))));
  }
  return problems;
}

/** Reads a header of an error, in the forms that libraries have for it. */
function readHeader(error: unknown, name: string): string | undefined {
  const holders = [error, readMember(error, 'response')];
  for (const holder of holders) {
    for (const member of ['headers', 'responseHeaders']) {
      const headers = readMember(holder, member);
      const get = readMember(headers, 'get');
      const value = typeof get === 'function' ? get.call(headers, name) : readMember(headers, name);
      const text = Array.isArray(value) ? value[0] : value;
      if (typeof text === 'string') return text;
    }
  }
  return undefined;
}
