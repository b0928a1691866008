import type { ScopeNeed } from '../entra/scopes.ts';
import type { ApiProfile } from './api-profile.ts';
import { withDefaultFields } from './default-fields.ts';
import { matchCall, type PolicyMatch, type RequestedCall } from './match.ts';
import { compileRules, type PolicyRule } from './rule.ts';
import { createRuleIndex } from './rule-index.ts';
import type { PolicyDocument } from './schema.ts';

export interface PolicyFeature {
  readonly name: string;
  readonly title: string;
  /** Whether every sign-in asks for the feature's permissions. */
  readonly signIn: boolean;
  /** All permissions that the feature's rules ask for. */
  readonly scopes: readonly string[];
  /** The permissions that each of its rules needs. */
  readonly needs: readonly ScopeNeed[];
}

/** Which calls of one API are allowed. */
export interface Policy {
  readonly features: readonly PolicyFeature[];
  readonly rules: readonly PolicyRule[];
  /** The scopes that every sign-in asks for. */
  readonly signInScopes: readonly string[];
  /** If the API refuses a write's token with a claims challenge, the write may be sent once more with a new token. */
  readonly repeatsRefusedWrites: boolean;
  feature(name: string): PolicyFeature | undefined;
  match(call: RequestedCall): PolicyMatch;
}

/** @param document has no issues */
export function compilePolicy(document: PolicyDocument, profile: ApiProfile): Policy {
  const rules = Object.entries(document.features).flatMap(([name, feature]) =>
    compileRules(name, feature, profile),
  );
  const features = Object.entries(document.features).map(([name, { title, signIn }]): PolicyFeature => {
    const needs = rules.filter(({ feature }) => feature === name);
    return { name, title, signIn, needs, scopes: [...new Set(needs.flatMap(({ scopes }) => scopes))] };
  });
  return createPolicy({
    features,
    rules,
    repeatsRefusedWrites: profile.checksTokenFirst || document.repeatsRefusedWrites === true,
    readsSemicolonsAsText: document.semicolons === 'data',
    profile,
  });
}

export interface PolicyParts {
  readonly features: readonly PolicyFeature[];
  readonly rules: readonly PolicyRule[];
  readonly repeatsRefusedWrites: boolean;
  /** Whether the API treats a semicolon in a query as text. */
  readonly readsSemicolonsAsText: boolean;
  readonly profile: ApiProfile;
}

export function createPolicy(parts: PolicyParts): Policy {
  const { features, rules, repeatsRefusedWrites, readsSemicolonsAsText, profile } = parts;
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  const hasSeparatingSemicolon = (text: string) =>
    !readsSemicolonsAsText && profile.hasSeparatingSemicolon(text);
  const policyRules = { findCandidates: createRuleIndex(rules), profile, hasSeparatingSemicolon };
  return {
    features,
    rules,
    repeatsRefusedWrites,
    signInScopes: [...new Set(features.filter(({ signIn }) => signIn).flatMap(({ scopes }) => scopes))],
    feature: (name) => byName.get(name),
    match(call) {
      const match = matchCall(policyRules, call);
      return match.kind === 'allowed' ? { kind: 'allowed', call: withDefaultFields(match.call) } : match;
    },
  };
}
