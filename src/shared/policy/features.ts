import { chooseScopes, lackingScopes } from '../entra/scopes.ts';
import type { Policy, PolicyFeature } from './match.ts';

/** The features of all upstream APIs together: a sign-in and the session's answer know nothing of where they lead. */
export interface Features {
  readonly all: readonly PolicyFeature[];
  /** What every sign-in asks for. */
  readonly signInScopes: readonly string[];
  find(name: string): PolicyFeature | undefined;
}

export type FeatureJoin =
  | { readonly kind: 'features'; readonly features: Features }
  /** A name that two policies have: nobody could tell which is meant. */
  | { readonly kind: 'ambiguous'; readonly name: string };

export function joinFeatures(policies: readonly Policy[]): FeatureJoin {
  const byName = new Map<string, PolicyFeature>();
  for (const feature of policies.flatMap(({ features }) => features)) {
    if (byName.has(feature.name)) return { kind: 'ambiguous', name: feature.name };
    byName.set(feature.name, feature);
  }
  return {
    kind: 'features',
    features: {
      all: [...byName.values()],
      signInScopes: [...new Set(policies.flatMap(({ signInScopes }) => signInScopes))],
      find: (name) => byName.get(name),
    },
  };
}

/** Whether every call of the feature can be made with what was granted. */
export function isGranted({ needs }: PolicyFeature, grantedScopes: readonly string[]): boolean {
  return needs.every((need) => lackingScopes(chooseScopes(need, grantedScopes), grantedScopes).length === 0);
}
