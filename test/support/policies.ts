import { BffError } from '../../src/shared/errors.ts';
import { parseGraphPolicy } from '../../src/shared/policy/graph-profile.ts';
import { type AllowedCall, type RequestedCall, requireAllowed } from '../../src/shared/policy/match.ts';
import type { Policy } from '../../src/shared/policy/policy.ts';

/** A policy file with one feature that has these rules. Members that a rule does not set get harmless values. */
export function fileOf(...rules: readonly object[]): unknown {
  const plain = { methods: ['GET'], path: '/v1.0/me', scopes: ['User.Read'] };
  return { features: { one: { title: 'One', rules: rules.map((rule) => ({ ...plain, ...rule })) } } };
}

/** @throws with every issue of the file */
export function policyOf(document: unknown): Policy {
  const reading = parseGraphPolicy(document);
  if (reading.kind === 'invalid') throw new Error(reading.issues.join('\n'));
  return reading.policy;
}

export function issuesOf(document: unknown): readonly string[] {
  const reading = parseGraphPolicy(document);
  return reading.kind === 'invalid' ? reading.issues : [];
}

/** Splits a call like `GET /v1.0/me?$select=id`. */
export function requestedCall(text: string, more: Partial<RequestedCall> = {}): RequestedCall {
  const [, method = '', path = '', query = ''] = /^(\S*) ([^?]*)(?:\?(.*))?$/s.exec(text) ?? [];
  return { method, path, query, ...more };
}

/** The policy's decision: the allowed call, or the problem that refuses it. */
export function ask(policy: Policy, call: string, more: Partial<RequestedCall> = {}): AllowedCall | BffError {
  try {
    return requireAllowed(policy.match(requestedCall(call, more)));
  } catch (error) {
    if (error instanceof BffError) return error;
    throw error;
  }
}

export const isAllowed = (policy: Policy, call: string): boolean => !(ask(policy, call) instanceof BffError);

/** Code and detail of the refusal. Undefined if the call is allowed. */
export function refusalOf(
  policy: Policy,
  call: string,
  more: Partial<RequestedCall> = {},
): string | undefined {
  const answer = ask(policy, call, more);
  return answer instanceof BffError ? `${answer.code}: ${answer.detail}` : undefined;
}
