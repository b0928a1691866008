import { type MoreFileName, moreFileNames } from '../../../src/shared/config/more-policies.ts';
import { readGraphPolicy, readMorePolicy } from '../../../src/shared/config/policies.ts';
import { allowsMethod, isRead } from '../../../src/shared/policy/methods.ts';
import { readPermissionReference } from '../permission-reference.ts';

/** Where Microsoft publishes its permission reference. */
const referenceUrl =
  'https://github.com/microsoftgraph/microsoft-graph-devx-content/blob/dev/permissions/new/permissions.json';

export type ScopesResult =
  | {
      readonly kind: 'scopes';
      readonly scopes: readonly string[];
      /** Where they are from, for a reader. */
      readonly from: string;
      /** Larger permissions that Graph accepts too, as far as the source lists them. */
      readonly alternatives: readonly string[];
      readonly feature?: { readonly name: string; readonly title: string };
    }
  /** `isGap`: the reference can be read, and does not list the call. */
  | { readonly kind: 'unknown'; readonly hint: string; readonly isGap?: boolean };

export interface ScopesQuestion {
  readonly method: string;
  readonly template: string;
  /** What `--scope` names. */
  readonly named: readonly string[];
  /** The path of Microsoft's permission reference, if `--permissions` names it. */
  readonly referenceFile: string | undefined;
  readonly isGraph: boolean;
}

/** The least permission for a call: the named one, else by the reference, else that of a rule in this package. */
export function findScopes(question: ScopesQuestion): ScopesResult {
  const { method, template, named, referenceFile, isGraph } = question;
  if (named.length > 0)
    return { kind: 'scopes', scopes: named, from: 'as --scope names it', alternatives: [] };
  if (!isGraph) return { kind: 'unknown', hint: 'Name the permission with --scope=NAME.' };
  const shipped = fromShipped(method, template);
  if (referenceFile === undefined) return shipped;
  const listed = fromReference(method, template, referenceFile);
  return listed.kind === 'unknown' && listed.isGap === true && shipped.kind === 'scopes' ? shipped : listed;
}

function fromReference(method: string, template: string, file: string): ScopesResult {
  let reference: ReturnType<typeof readPermissionReference>;
  try {
    reference = readPermissionReference(file);
  } catch {
    return { kind: 'unknown', hint: `${file} is not Microsoft's permission reference (${referenceUrl}).` };
  }
  const known = reference.find(`${method} ${template}`);
  const rank = (scope: string) => [
    Number(isRead(method) && /Write|Manage|FullControl|Create|Delete/.test(scope)),
    Number(reference.administratorMustConsent(scope) === true),
    scope.length,
  ];
  const [least] = [...(known?.least ?? [])].toSorted((left, right) => compare(rank(left), rank(right)));
  if (known === undefined || least === undefined) {
    return {
      kind: 'unknown',
      isGap: true,
      hint: 'The reference does not list this call. Name the least permission of its page in the documentation with --scope=NAME.',
    };
  }
  const also = known.alsoRequired.get(least);
  return {
    kind: 'scopes',
    scopes: [least, ...(also === undefined ? [] : [also])],
    from: `the least by ${file}`,
    alternatives: [...known.accepted].filter((scope) => scope !== least).toSorted(),
  };
}

function compare(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((value, index) => value !== right[index]);
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

function fromShipped(method: string, template: string): ScopesResult {
  const sources = [
    { file: 'policy/graph.json', policy: readGraphPolicy(undefined) },
    ...moreFileNames.map((name: MoreFileName) => ({
      file: `policy/more/${name}.json`,
      policy: readMorePolicy(name),
    })),
  ];
  for (const { file, policy } of sources) {
    const rule = policy.rules.find(
      (candidate) =>
        allowsMethod(candidate.methods, method) && shapeOf(candidate.template.text) === shapeOf(template),
    );
    const feature = rule === undefined ? undefined : policy.feature(rule.feature);
    if (rule === undefined || feature === undefined) continue;
    return {
      kind: 'scopes',
      scopes: rule.scopes,
      from: `as in ${file}`,
      alternatives: rule.alternatives.map((list) => list.join(' and ')),
      feature: { name: feature.name, title: feature.title },
    };
  }
  return {
    kind: 'unknown',
    hint: `No rule of this package has this call. Name its least permission with --scope=NAME, or a copy of
Microsoft's permission reference with --permissions=FILE (${referenceUrl}).`,
  };
}

const shapeOf = (template: string) => template.replaceAll(/\{[^}]*\}/g, '{}').toLowerCase();
