import { isRead } from '../../../src/shared/policy/methods.ts';
import type { Policy } from '../../../src/shared/policy/policy.ts';

export interface ChosenFeature {
  readonly name: string;
  readonly title: string;
  readonly isNew: boolean;
}

export interface FeatureQuestion {
  readonly policy: Policy;
  readonly method: string;
  readonly template: string;
  readonly scopes: readonly string[];
  /** What `--feature` names. */
  readonly named: string | undefined;
  /** The feature of this package that has the same call. */
  readonly shipped: { readonly name: string; readonly title: string } | undefined;
}

/** The feature of the file that asks for the same permissions, or a new one. */
export function chooseFeature(question: FeatureQuestion): ChosenFeature {
  const { policy, method, template, scopes, named, shipped } = question;
  const resource = resourceOf(template);
  const title = shipped?.title ?? titleOf(resource, method);
  if (named !== undefined) {
    const existing = policy.feature(named);
    return { name: named, title: existing?.title ?? title, isNew: existing === undefined };
  }
  const same = policy.features.find(
    (feature) => feature.scopes.toSorted().join() === scopes.toSorted().join() && feature.scopes.length > 0,
  );
  if (same !== undefined) return { ...same, isNew: false };
  const plain = kebabOf(resource).slice(0, 24);
  const candidates = [
    ...(shipped === undefined ? [] : [shipped.name]),
    isRead(method) ? plain : `${plain}-write`,
    ...Array.from({ length: 9 }, (_, index) => `${plain}-${index + 2}`),
  ];
  return {
    name: candidates.find((name) => policy.feature(name) === undefined) ?? plain,
    title,
    isNew: true,
  };
}

/** The last name of a resource in the path. */
function resourceOf(template: string): string {
  const words = template.split('/').flatMap((segment) => /^([A-Za-z]+)(?:$|\(|:)/.exec(segment)?.[1] ?? []);
  return words.findLast((word) => word !== 'delta') ?? 'calls';
}

const kebabOf = (word: string) => word.replaceAll(/([a-z])([A-Z])/g, '$1-$2').toLowerCase();

function titleOf(resource: string, method: string): string {
  const words = kebabOf(resource).replaceAll('-', ' ');
  return isRead(method) ? words.charAt(0).toUpperCase() + words.slice(1) : `Changing ${words}`;
}
