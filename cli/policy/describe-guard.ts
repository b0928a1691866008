import type { Guard, GuardRules } from '../../src/shared/access/rules.ts';

/** For a reader: who may make a call. */
export function describeGuard({ anyOf = [], ...own }: Guard): string {
  const alternatives = anyOf.map(describeRules).join(', or ');
  return [describeRules(own), alternatives].filter((text) => text !== '').join(' and ');
}

function describeRules(rules: GuardRules): string {
  const { roles, groups, tenants, authContext, maxAuthAgeSeconds } = rules;
  return [
    ...(tenants === undefined ? [] : [`users of the tenant ${tenants.join(' or ')}`]),
    ...(roles === undefined ? [] : [`the app role ${roles.join(' or ')}`]),
    ...(groups === undefined ? [] : [`members of the group ${groups.join(' or ')}`]),
    ...(authContext === undefined ? [] : [`sign-ins with the authentication context ${authContext}`]),
    ...(maxAuthAgeSeconds === undefined ? [] : [`sign-ins of the last ${maxAuthAgeSeconds} seconds`]),
  ].join(' and ');
}
