import { createHash } from 'node:crypto';
import { type $ZodIssue, toDotPath } from 'zod/v4/core';
import type { Guard } from '../access/guard-rules.ts';
import type { ScopeNeed } from '../entra/scopes.ts';
import type { Dialect } from './api-profile.ts';
import { findPolicyFaults } from './issues.ts';
import { fitsMediaRange, readMediaType } from './media-type.ts';
import type { OptionBounds } from './option-bounds.ts';
import type { UpstreamPath } from './path.ts';
import { matchesPath, type PathTemplate, parsePathTemplate } from './path-template.ts';
import type { QueryOption } from './query.ts';
import { findBreach } from './query-bounds.ts';
import type { HeaderRule } from './request-headers.ts';
import { createPolicySchema, type PolicyDocument } from './schema.ts';

/** A call whose path and query have been read. */
export interface ReadCall {
  readonly method: string;
  readonly path: UpstreamPath;
  readonly query: readonly QueryOption[];
  /** The header as it came; undefined when there is no body. */
  readonly contentType?: string | undefined;
}

export type PolicyMatch =
  | { readonly kind: 'allowed'; readonly rule: PolicyRule }
  | {
      readonly kind: 'refused';
      readonly reason: 'path' | 'method' | 'query' | 'content-type';
      /** For the caller: in the policy's words, never in the call's. */
      readonly detail: string;
      /** The rule that has this path, and where there are several, this method. */
      readonly nearest?: PolicyRule;
    };

/** A rule, ready to be compared with calls. Its `scopes` are asked for. */
export interface PolicyRule extends ScopeNeed, HeaderRule {
  readonly feature: string;
  /** Where it is in the file: `features.mail.rules[0]`. */
  readonly place: string;
  readonly methods: readonly string[];
  readonly template: PathTemplate;
  readonly query: OptionBounds;
  /** What a body may be; empty for methods that have none. */
  readonly contentTypes: readonly string[];
  /** The fields that a JSON body may have at its top level. If undefined, every field may pass. */
  readonly bodyFields?: readonly string[];
  /** Whether addresses of files that need no token may come out of its answers. */
  readonly fileLinks: boolean;
  /** Who may make the call: the rule's, or its feature's. */
  readonly guard?: Guard;
  /** Digest of everything that the rule says. */
  readonly digest: string;
}

export interface PolicyFeature {
  readonly name: string;
  readonly title: string;
  readonly signIn: boolean;
  /** All permissions that the feature's rules ask for. */
  readonly scopes: readonly string[];
  /** What each of its rules needs. */
  readonly needs: readonly ScopeNeed[];
}

/** What may be called. */
export interface Policy {
  readonly features: readonly PolicyFeature[];
  readonly rules: readonly PolicyRule[];
  /** What every sign-in asks for. */
  readonly signInScopes: readonly string[];
  /** If the API refuses a write's token with a claims challenge, the write may be sent once more with a new token. */
  readonly repeatsRefusedWrites: boolean;
  feature(name: string): PolicyFeature | undefined;
  /** Whether a decoded text of a query has a semicolon that the API could take for the end of an option. */
  hasSeparatingSemicolon(text: string): boolean;
  /** By method and path alone the rule is found; query and type of the body then have to fit it. */
  match(call: ReadCall): PolicyMatch;
}

export type PolicyReading =
  | { readonly kind: 'policy'; readonly policy: Policy }
  /** Place and cure of every fault. */
  | { readonly kind: 'invalid'; readonly faults: readonly string[] };

/** Reads a policy for an upstream API that speaks this dialect. */
export function parsePolicy(document: unknown, dialect: Dialect): PolicyReading {
  const prototypes = findPrototypes(document, []);
  if (prototypes.length > 0) return { kind: 'invalid', faults: prototypes };
  const parsed = createPolicySchema(dialect).safeParse(document);
  if (!parsed.success) {
    const faults = parsed.error.issues.flatMap((issue) => toFaults(issue, []));
    return { kind: 'invalid', faults };
  }
  const faults = findPolicyFaults(parsed.data, dialect);
  if (faults.length > 0) return { kind: 'invalid', faults };
  return { kind: 'policy', policy: compile(parsed.data, dialect) };
}

/**
 * The schema does not see `__proto__`. Most readers do not take it for a member of an object, and the others take it
 * for another object.
 */
function findPrototypes(value: unknown, path: readonly PropertyKey[]): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const here = Object.hasOwn(value, '__proto__')
    ? [`${toDotPath(path) || 'the file'}: has "__proto__", which means nothing here; take it out`]
    : [];
  const inner = Object.entries(value).filter(([name]) => name !== '__proto__');
  return [
    ...here,
    ...inner.flatMap(([name, member]) =>
      findPrototypes(member, [...path, Array.isArray(value) ? Number(name) : name]),
    ),
  ];
}

function toFaults(issue: $ZodIssue, before: readonly PropertyKey[]): string[] {
  const path = [...before, ...issue.path];
  // Of several shapes, the one that was meant is the one that got furthest.
  const meant =
    issue.code === 'invalid_union'
      ? issue.errors.find((inner) => inner.every(({ path: at }) => at.length > 0))
      : undefined;
  if (meant !== undefined && meant.length > 0) return meant.flatMap((inner) => toFaults(inner, path));
  return [`${toDotPath(path) || 'the file'}: ${describeIssue(issue)}`];
}

/** zod/mini has no messages of its own: these are for what the schema gives no message for. */
function describeIssue(issue: $ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `has ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}, which means nothing here; take it out, or mend its spelling`;
    case 'invalid_type': {
      const expected = typeNames[issue.expected] ?? issue.expected;
      return `is missing or of another kind; write ${/^[aeiou]/.test(expected) ? 'an' : 'a'} ${expected}`;
    }
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join(', ');
    case 'too_small':
      return hasMessage(issue)
        ? issue.message
        : `is too small; write ${issue.minimum}${unitOf(issue.origin)} or more`;
    case 'too_big':
      return hasMessage(issue)
        ? issue.message
        : `is too large; write ${issue.maximum}${unitOf(issue.origin)} or less`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = { record: 'object', int: 'whole number' };

const hasMessage = ({ message }: $ZodIssue) => message !== 'Invalid input';

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' items' : '';
}

function compile(document: PolicyDocument, dialect: Dialect): Policy {
  const rules = Object.entries(document.features).flatMap(([feature, { rules, guard }]) =>
    rules.map((rule, at): PolicyRule => {
      const ruleGuard = rule.guard ?? guard;
      const compiled = {
        feature,
        place: `features.${feature}.rules[${at}]`,
        methods: rule.methods,
        template: parsePathTemplate(rule.path),
        query: toBounds(rule.query),
        contentTypes: rule.methods.some(hasBody) ? (rule.contentTypes ?? ['application/json']) : [],
        scopes: rule.scopes.map(dialect.toScope),
        alternatives: rule.alternatives.map((list) => list.map(dialect.toScope)),
        fileLinks: rule.fileLinks,
        headers: rule.headers.map((name) => name.toLowerCase()),
        preferences: rule.prefer.map((name) => name.toLowerCase()),
        maxPageSize: maxPageSizeOf(toBounds(rule.query)),
        ...(rule.bodyFields === undefined ? {} : { bodyFields: rule.bodyFields }),
        ...(ruleGuard === undefined ? {} : { guard: ruleGuard }),
      };
      return {
        ...compiled,
        digest: createHash('sha256').update(JSON.stringify(compiled)).digest('base64url'),
      };
    }),
  );
  const features = Object.entries(document.features).map(([name, { title, signIn }]): PolicyFeature => {
    const needs = rules.filter(({ feature }) => feature === name);
    return { name, title, signIn, needs, scopes: [...new Set(needs.flatMap(({ scopes }) => scopes))] };
  });
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  return {
    features,
    rules,
    repeatsRefusedWrites: dialect.refusesBeforeActing || document.repeatsRefusedWrites === true,
    signInScopes: [...new Set(features.filter(({ signIn }) => signIn).flatMap(({ scopes }) => scopes))],
    feature: (name) => byName.get(name),
    hasSeparatingSemicolon: (text) => document.semicolons !== 'data' && dialect.hasSeparatingSemicolon(text),
    match(call) {
      const onPath = rules.filter(({ template }) => matchesPath(template, call.path, dialect));
      const rule = onPath.find(({ methods }) => methods.includes(call.method));
      if (rule !== undefined) return withinBounds(rule, call);
      const [nearest] = onPath;
      if (nearest === undefined)
        return { kind: 'refused', reason: 'path', detail: 'No rule names this path.' };
      const detail = 'No rule allows this method on this path.';
      return { kind: 'refused', reason: 'method', detail, nearest };
    },
  };
}

function withinBounds(rule: PolicyRule, { method, query, contentType }: ReadCall): PolicyMatch {
  const breach = findBreach(rule.query, query);
  if (breach !== undefined) return { kind: 'refused', reason: 'query', detail: breach, nearest: rule };
  if (contentType === undefined || !hasBody(method)) return { kind: 'allowed', rule };
  const type = readMediaType(contentType);
  if (type !== undefined && rule.contentTypes.some((range) => fitsMediaRange(type, range))) {
    return { kind: 'allowed', rule };
  }
  const detail = `The body must be of type ${rule.contentTypes.join(' or ')}.`;
  return { kind: 'refused', reason: 'content-type', detail, nearest: rule };
}

const toBounds = (query: readonly string[] | OptionBounds): OptionBounds =>
  isNames(query) ? Object.fromEntries(query.map((name) => [name, true])) : query;

/** `$top` also bounds the preference for a page's size. */
function maxPageSizeOf({ $top }: OptionBounds): number {
  if ($top === undefined) return 0;
  return $top !== true && 'max' in $top ? $top.max : Number.POSITIVE_INFINITY;
}

const isNames = (query: readonly string[] | OptionBounds): query is readonly string[] => Array.isArray(query);

/** Whether a request of this method has a body here. */
export function hasBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
