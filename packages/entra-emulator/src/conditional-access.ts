import type { Authority } from './authority.ts';
import { type ConditionalAccessPolicy, claimsOfPolicy, policyIds } from './conditional-access-policies.ts';
import { badRequest, type EntraError } from './errors.ts';

// The numbers and their meanings are documented. The form (`invalid_grant`, `message_only`, `claims`) was observed at
// Entra ID for 53003 only. The other three are assumed to have the same form.
const refusals: Record<ConditionalAccessPolicy, Omit<EntraError, 'status' | 'claims'>> = {
  'device-not-compliant': {
    error: 'invalid_grant',
    code: 53000,
    suberror: 'message_only',
    text: 'Device is not in required device state: compliant. Conditional Access policy requires a compliant device, and the device is not compliant. The user must enroll their device with an approved MDM provider like Intune.',
  },
  'device-not-joined': {
    error: 'invalid_grant',
    code: 53001,
    suberror: 'message_only',
    text: 'Device is not in required device state: domain_joined. Conditional Access policy requires a domain joined device, and the device is not domain joined.',
  },
  blocked: {
    error: 'invalid_grant',
    code: 53003,
    suberror: 'message_only',
    text: 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  },
  'external-challenge': {
    error: 'interaction_required',
    code: 50158,
    suberror: 'additional_action',
    text: 'External security challenge not satisfied. User will be redirected to another page or authentication provider to satisfy additional authentication challenges.',
  },
};

export function refusalOf(policy: ConditionalAccessPolicy): EntraError {
  const { error, code, text, ...more } = refusals[policy];
  return { ...badRequest(error, code, text), ...more, claims: claimsOfPolicy(policyIds[policy]) };
}

/** Returns the policy that this sign-in does not meet. */
export function unmetPolicy(
  { switches }: Authority,
  sign: { readonly withExternalChallenge: boolean },
): ConditionalAccessPolicy | undefined {
  const { conditionalAccess } = switches;
  if (conditionalAccess === 'none') return undefined;
  return conditionalAccess === 'external-challenge' && sign.withExternalChallenge
    ? undefined
    : conditionalAccess;
}
