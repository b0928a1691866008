import { type $ZodErrorMap, type $ZodIssue, toDotPath } from 'zod/v4/core';
import type { ApiProfile } from './api-profile.ts';
import { findPolicyIssues } from './issues.ts';
import { createPolicySchema, type PolicyDocument } from './schema.ts';

export type PolicyDocumentResult =
  | { readonly kind: 'document'; readonly document: PolicyDocument }
  /** Every issue of the file: where it is, what is wrong, how to fix it. */
  | { readonly kind: 'invalid'; readonly issues: readonly string[] };

/** Checks the policy of an API with this profile, and fills in its default values. */
export function parsePolicyDocument(document: unknown, profile: ApiProfile): PolicyDocumentResult {
  const protoIssues = findProtoIssues(document, []);
  if (protoIssues.length > 0) return { kind: 'invalid', issues: protoIssues };
  const parsed = createPolicySchema(profile).safeParse(document, { error: messageOf });
  if (!parsed.success) {
    return { kind: 'invalid', issues: parsed.error.issues.flatMap((issue) => describeIssue(issue, [])) };
  }
  const issues = findPolicyIssues(parsed.data, profile);
  if (issues.length > 0) return { kind: 'invalid', issues };
  return { kind: 'document', document: parsed.data };
}

/**
 * Finds members with the name `__proto__`. The schema does not see them, and code that copies an object may take one for
 * the object's prototype.
 */
function findProtoIssues(value: unknown, path: readonly PropertyKey[]): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const here = Object.hasOwn(value, '__proto__')
    ? [`${toPointer(path)}: "__proto__" is not allowed; remove it`]
    : [];
  const inner = Object.entries(value).filter(([name]) => name !== '__proto__');
  return [
    ...here,
    ...inner.flatMap(([name, member]) =>
      findProtoIssues(member, [...path, Array.isArray(value) ? Number(name) : name]),
    ),
  ];
}

const toPointer = (path: readonly PropertyKey[]) => toDotPath(path) || 'the file';

function describeIssue(issue: $ZodIssue, before: readonly PropertyKey[]): string[] {
  const path = [...before, ...issue.path];
  // If the value fits none of several shapes, its author meant the shape whose issues are all deeper inside the value.
  const intended =
    issue.code === 'invalid_union'
      ? issue.errors.find((inner) => inner.every(({ path: below }) => below.length > 0))
      : undefined;
  if (intended !== undefined && intended.length > 0) {
    return intended.flatMap((inner) => describeIssue(inner, path));
  }
  return [`${toPointer(path)}: ${issue.message}`];
}

/** Messages for the checks for which the schema has none. zod/mini has no default messages. */
const messageOf: $ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const names = issue.keys.map((name) => JSON.stringify(name)).join(', ');
      return `${names} is not known here; correct the spelling, or remove it`;
    }
    case 'invalid_type': {
      const expected = typeNames[issue.expected] ?? issue.expected;
      return `is missing or has the wrong type; write ${/^[aeiou]/.test(expected) ? 'an' : 'a'} ${expected}`;
    }
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join(', ');
    case 'too_small':
      return `must have ${limitOf(issue.origin, issue.minimum)} or more`;
    case 'too_big':
      return `must have ${limitOf(issue.origin, issue.maximum)} or less`;
    default:
      return undefined;
  }
};

const typeNames: Readonly<Record<string, string>> = { record: 'object', int: 'whole number' };

function limitOf(origin: string, limit: number | bigint): string {
  const quantities: Readonly<Record<string, string>> = { string: 'length', array: 'number of items' };
  return `a ${quantities[origin] ?? 'value'} of ${limit}`;
}
