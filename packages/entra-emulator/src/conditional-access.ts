import type { Authority } from './authority.ts';
import { badRequest, type EntraError } from './errors.ts';
import { claimsOfPolicy, policyIds } from './policy-ids.ts';

/** What a policy asks for besides a second factor. Only the last can be met on a page of the sign-in. */
export type ConditionalAccessPolicy =
  | 'device-not-compliant'
  | 'device-not-joined'
  | 'blocked'
  | 'external-challenge';

// The numbers and their meanings are documented. The shape (`invalid_grant`, `message_only`, `claims`) has been seen
// on the real Entra for 53003 only; for the other three it is taken to be the same.
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

/** The policy that keeps this person out, or undefined where there is none or it is met. */
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
