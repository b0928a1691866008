import type { ApiProfile } from './api-profile.ts';
import { type PolicyDocumentResult, parsePolicyDocument } from './document.ts';
import { compilePolicy, type Policy } from './policy.ts';

export type PolicyResult =
  | { readonly kind: 'policy'; readonly policy: Policy }
  | Extract<PolicyDocumentResult, { readonly kind: 'invalid' }>;

/** Reads the policy of an API with this profile. */
export function parsePolicy(json: unknown, profile: ApiProfile): PolicyResult {
  const result = parsePolicyDocument(json, profile);
  if (result.kind === 'invalid') return result;
  return { kind: 'policy', policy: compilePolicy(result.document, profile) };
}
