import { BffError } from '../../src/shared/errors.ts';
import { parseGraphPolicy } from '../../src/shared/policy/graph-profile.ts';
import type { Policy } from '../../src/shared/policy/match.ts';
import { type AllowedCall, allowedCall, type WantedCall } from '../../src/shared/proxy/allowed-call.ts';

/** A policy file with one feature of these rules; what a rule does not say is harmless. */
export function fileOf(...rules: readonly object[]): unknown {
  const plain = { methods: ['GET'], path: '/v1.0/me', scopes: ['User.Read'] };
  return { features: { one: { title: 'One', rules: rules.map((rule) => ({ ...plain, ...rule })) } } };
}

/** @throws with every fault of the file */
export function policyOf(document: unknown): Policy {
  const reading = parseGraphPolicy(document);
  if (reading.kind === 'invalid') throw new Error(reading.faults.join('\n'));
  return reading.policy;
}

export function faultsOf(document: unknown): readonly string[] {
  const reading = parseGraphPolicy(document);
  return reading.kind === 'invalid' ? reading.faults : [];
}

/** What the policy says to a call: what is allowed, or the problem that refuses it. */
export function ask(policy: Policy, call: string, more: Partial<WantedCall> = {}): AllowedCall | BffError {
  const [, method = '', path = '', query = ''] = /^(\S*) ([^?]*)(?:\?(.*))?$/s.exec(call) ?? [];
  try {
    return allowedCall(policy, { method, path, query, ...more });
  } catch (error) {
    if (error instanceof BffError) return error;
    throw error;
  }
}

export const isAllowed = (policy: Policy, call: string): boolean => !(ask(policy, call) instanceof BffError);

/** Code and detail of the refusal; undefined when there is none. */
export function refusalOf(policy: Policy, call: string, more: Partial<WantedCall> = {}): string | undefined {
  const answer = ask(policy, call, more);
  return answer instanceof BffError ? `${answer.code}: ${answer.detail}` : undefined;
}
