import type { Policy } from '../../src/shared/policy/policy.ts';
import type { PolicyRule } from '../../src/shared/policy/rule.ts';

/** Valid rules that allow more than their author may expect, each with its position. */
export function findWarnings(policy: Policy, kind: 'graph' | 'custom-api'): string[] {
  const warningsOf = kind === 'graph' ? graphWarnings : customApiWarnings;
  return policy.rules.flatMap((rule) =>
    [...placeholderWarnings(rule), ...warningsOf(rule)].map(
      (warning) => `${rule.pointer} (${rule.methods.join(', ')} ${rule.template.text}): ${warning}`,
    ),
  );
}

/** `messageId` may be meant as a parameter, but `getPresencesByUserId` is a name. */
function placeholderWarnings({ template }: PolicyRule): string[] {
  return template.text
    .split('/')
    .filter((segment) => /^[a-z]+Id$/.test(segment))
    .map((segment) => `"${segment}" matches only this word; if it stands for an id, write {${segment}}`);
}

/** Collections of references. Their members exist without the collection. */
const references =
  /\/(?:members|owners|registeredOwners|registeredUsers|acceptedSenders|rejectedSenders|sponsors|directReports)\/\{[^/]*\}$|\/manager$/i;

/** Directory objects. The body that creates or changes one may hold references to other objects. */
const takesReferences =
  /^\/[^/]+\/(?:groups|teams|applications|servicePrincipals|administrativeUnits|directory\/administrativeUnits|devices)(?:\/\{[^/]*\})?$/i;

function graphWarnings({ methods, template, bodyFields }: PolicyRule): string[] {
  const { text } = template;
  return [
    ...(methods.includes('DELETE') && references.test(text)
      ? ['deletes the object itself and not only the reference to it; end the path with /$ref']
      : []),
    ...(methods.some((method) => /^P/.test(method)) && takesReferences.test(text) && bodyFields === undefined
      ? [
          'its body may also refer to other objects, as members@odata.bind does; list the fields it may have in bodyFields',
        ]
      : []),
  ];
}

function customApiWarnings({ methods, template }: PolicyRule): string[] {
  return methods.includes('POST') && /\/\$batch(?:\/|$)/i.test(template.text)
    ? ['the calls inside a batch of this API are not compared with this policy; remove the rule']
    : [];
}

/** Pairs of application ID URIs that may belong to one registration, whose tokens would then go to two origins. */
export function findPrefixWarnings(prefixes: readonly string[]): string[] {
  return prefixes.flatMap((prefix, at) =>
    prefixes
      .slice(at + 1)
      .filter((other) => mayBeOne(prefix.toLowerCase(), other.toLowerCase()))
      .map(
        (other) =>
          `${prefix} and ${other} may be one registration, and its tokens would go to both APIs; give each API its own registration`,
      ),
  );
}

const guid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

function mayBeOne(left: string, right: string): boolean {
  const [first, second] = [left, right].map(
    (prefix) => `${prefix.replace(/^[a-z]+:\/\//, '').replace(/\/+$/, '')}/`,
  );
  if (first === undefined || second === undefined) return false;
  const ids = new Set(left.match(guid));
  return (
    first.startsWith(second) ||
    second.startsWith(first) ||
    (right.match(guid) ?? []).some((id) => ids.has(id))
  );
}
