import type { Features } from '../policy/features.ts';
import type { PolicyFeature } from '../policy/match.ts';

const featureOf = (name: string, title: string, scope: string) =>
  ({
    name,
    title,
    signIn: false,
    scopes: [scope],
    needs: [{ scopes: [scope], alternatives: [] }],
  }) satisfies PolicyFeature;

/**
 * What administration asks of Graph. Each is a feature of its own: a permission is asked for when it is first used, and who
 * declines one is not kept from the others.
 */
const administration = {
  people: featureOf('administration', 'Find people', 'User.ReadBasic.All'),
  signIns: featureOf('administration-sign-ins', 'Sign people out of Microsoft', 'User.RevokeSessions.All'),
  grants: featureOf(
    'administration-grants',
    'See and revoke permissions',
    'DelegatedPermissionGrant.ReadWrite.All',
  ),
} as const;

export const administrationFeatures: readonly PolicyFeature[] = Object.values(administration);

const needOf = ({ name, scopes }: PolicyFeature) => ({ feature: name, scopes });

export const needs = {
  people: needOf(administration.people),
  signIns: needOf(administration.signIns),
  grants: needOf(administration.grants),
};

export function isAdministrationFeature(name: string): boolean {
  return administrationFeatures.some((feature) => feature.name === name);
}

/** For the sign-in, which finds what it asks for by a feature's name. */
export function withAdministration(features: Features): Features {
  return {
    ...features,
    find: (name) => features.find(name) ?? administrationFeatures.find((feature) => feature.name === name),
  };
}
