import { chooseScopes, missingScopes } from '../entra/scopes.ts';
import type { Policy, PolicyFeature } from './policy.ts';

/** The features of all APIs together. Sign-in and session do not distinguish which API a feature belongs to. */
export interface Features {
  readonly all: readonly PolicyFeature[];
  /** The scopes that every sign-in asks for. */
  readonly signInScopes: readonly string[];
  findByName(name: string): PolicyFeature | undefined;
}

export type JoinFeaturesResult =
  | { readonly kind: 'features'; readonly features: Features }
  /** Two policies have a feature of this name. */
  | { readonly kind: 'ambiguous'; readonly name: string };

export function joinFeatures(policies: readonly Policy[]): JoinFeaturesResult {
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
      findByName: (name) => byName.get(name),
    },
  };
}

/** Whether the granted scopes are enough for every call of the feature. */
export function isGranted({ needs }: PolicyFeature, grantedScopes: readonly string[]): boolean {
  return needs.every((need) => missingScopes(chooseScopes(need, grantedScopes), grantedScopes).length === 0);
}
