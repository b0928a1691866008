import * as z from 'zod';
import type { UpstreamPath } from './path-grammar.ts';
import { type PolicyDocument, policySchema } from './policy-schema.ts';

export type PolicyMatch =
  | {
      readonly kind: 'allowed';
      readonly feature: string;
      readonly scopes: readonly string[];
      readonly queryOptions: ReadonlySet<string>;
    }
  | { readonly kind: 'refused'; readonly reason: 'path' | 'method' };

export interface PolicyFeature {
  readonly name: string;
  readonly title: string;
  readonly signIn: boolean;
  /** All permissions that the feature's rules need. */
  readonly scopes: readonly string[];
}

/** What may be called, by method and path alone: never by query, fragment or header. */
export interface Policy {
  readonly features: readonly PolicyFeature[];
  /** What every sign-in asks for. */
  readonly signInScopes: readonly string[];
  feature(name: string): PolicyFeature | undefined;
  match(method: string, path: UpstreamPath): PolicyMatch;
}

export type PolicyReading =
  | { readonly kind: 'policy'; readonly policy: Policy }
  /** Place and cure of every fault. */
  | { readonly kind: 'invalid'; readonly faults: readonly string[] };

export function parsePolicy(document: unknown): PolicyReading {
  const parsed = policySchema.safeParse(document);
  if (parsed.success) return { kind: 'policy', policy: compile(parsed.data) };
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${z.core.toDotPath(path) || 'the file'}: ${message}`,
  );
  return { kind: 'invalid', faults };
}

function compile(document: PolicyDocument): Policy {
  const features = Object.entries(document.features).map(([name, { title, signIn, rules }]) => ({
    name,
    title,
    signIn,
    scopes: [...new Set(rules.flatMap(({ scopes }) => scopes))],
  }));
  const rules = Object.entries(document.features).flatMap(([feature, { rules }]) =>
    rules.map((rule) => ({
      feature,
      template: rule.path.slice(1).split('/'),
      methods: new Set<string>(rule.methods),
      scopes: rule.scopes,
      queryOptions: new Set(rule.query),
    })),
  );
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  return {
    features,
    signInScopes: [...new Set(features.filter(({ signIn }) => signIn).flatMap(({ scopes }) => scopes))],
    feature: (name) => byName.get(name),
    match(method, { raw, segments }) {
      const rawSegments = raw.slice(1).split('/');
      const onPath = rules.filter(({ template }) => fits(template, segments, rawSegments));
      const rule = onPath.find(({ methods }) => methods.has(method));
      if (rule) return { kind: 'allowed', ...rule };
      return { kind: 'refused', reason: onPath.length > 0 ? 'method' : 'path' };
    },
  };
}

function fits(
  template: readonly string[],
  segments: readonly string[],
  rawSegments: readonly string[],
): boolean {
  return (
    template.length === segments.length &&
    template.every((part, at) =>
      part.startsWith('{') ? isPlainKey(segments[at] ?? '') : part === rawSegments[at],
    )
  );
}

/**
 * A key as Graph hands them out, or an address. `$` would be an OData word (`$value`, `$ref`), a parenthesis a function
 * or a key in brackets, a semicolon or colon a matrix or drive path. A word of letters alone is more likely a function
 * (`delta`) or a well-known name, and a dotted one with Graph's prefix is a cast: those need rules of their own.
 */
function isPlainKey(segment: string): boolean {
  if (!/^[A-Za-z0-9_@.!~=+-]{1,512}$/.test(segment)) return false;
  return !/^[A-Za-z]{1,40}$/.test(segment) && !/^(?:microsoft\.)?graph\./i.test(segment);
}
