/** A policy that asks for something other than a second factor. Only the last can be met on a sign-in page. */
export type ConditionalAccessPolicy =
  | 'device-not-compliant'
  | 'device-not-joined'
  | 'blocked'
  | 'external-challenge';

/** The ids of the Conditional Access policies. A claims challenge names them in `capolids`. */
export const policyIds = {
  secondFactor: '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f530',
  'device-not-compliant': '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f531',
  'device-not-joined': '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f532',
  blocked: '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f533',
  'external-challenge': '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f534',
} as const;

/** The `claims` of an error. The app sends them with its next sign-in. */
export function claimsOfPolicy(id: string): string {
  return JSON.stringify({ access_token: { capolids: { essential: true, values: [id] } } });
}

/** An unknown policy counts as one that requires a second factor. */
export function isPolicyWithoutSecondFactor(id: string): boolean {
  return id !== policyIds.secondFactor && Object.values<string>(policyIds).includes(id);
}
