import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { GRAPH_ERROR_CODE } from './graph.ts';
import type { Rule } from './rules.ts';

/** A response as the load received it. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a response means. */
export type Result =
  | { readonly kind: 'served' }
  /** `code` of a problem of the service, or `graph 503` for a response of Graph itself. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      /** The `outcome` or `reason` of the problem. */
      readonly detail: string;
      readonly retryAfterSeconds: number | undefined;
    }
  /** A response that must not occur. */
  | Breach;

export interface Breach {
  readonly kind: 'breach';
  readonly rule: Rule;
  readonly what: string;
}

export const breach = (rule: Rule, what: string): Breach => ({ kind: 'breach', rule, what });

/** The statuses of the documented problems, by code. */
export type DocumentedProblems = ReadonlyMap<string, number>;

/** Reads the codes from the pages that users read, not from the code of the service. */
export function readDocumentedProblems(): DocumentedProblems {
  const folder = new URL('../../docs/problems/', import.meta.url);
  return new Map(
    readdirSync(folder).map((file) => {
      const [, status] = /^\*\*(\d{3}) /m.exec(readFileSync(new URL(file, folder), 'utf8')) ?? [];
      return [file.replace(/\.md$/, ''), Number(status)] as const;
    }),
  );
}

/** The problems that ask a user with a live session to sign in, or report another user's session. */
const sessionProblems: readonly string[] = ['session_required', 'interaction_required', 'session_changed'];

/**
 * @param check returns what is wrong with the body of a successful response
 */
export function toResult(
  answer: Answer,
  documented: DocumentedProblems,
  check: (body: Readonly<Record<string, unknown>>) => Breach | undefined,
): Result {
  const body = parseObject(answer.body);
  const { status, headers } = answer;
  if (status >= 200 && status < 300) {
    return body === undefined
      ? breach('undocumented-refusal', `${status} without a JSON body`)
      : (check(body) ?? { kind: 'served' });
  }
  const retryAfter = headers['retry-after'];
  const retryAfterSeconds = retryAfter === undefined ? undefined : Number(retryAfter);
  const code = headers['bff-problem'];
  if (code === undefined) {
    const isOfGraph = body !== undefined && Object(body['error'])['code'] === GRAPH_ERROR_CODE;
    return isOfGraph && (status === 429 || status === 503)
      ? { kind: 'refused', code: `graph ${status}`, detail: '', retryAfterSeconds }
      : breach('undocumented-refusal', `${status}: ${answer.body.slice(0, 120)}`);
  }
  const isDocumented =
    typeof code === 'string' &&
    documented.get(code) === status &&
    body?.['code'] === code &&
    body['status'] === status;
  if (!isDocumented) return breach('undocumented-refusal', `${status} ${String(code)}`);
  if (sessionProblems.includes(code)) return breach('lost-session', `${code} ${String(body['reason'])}`);
  const detail = [body['outcome'], body['reason']].filter((text) => typeof text === 'string').join(' ');
  return { kind: 'refused', code, detail, retryAfterSeconds };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
