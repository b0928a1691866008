/** The conditional access policies that there are. A claims challenge names them in `capolids`. */
export const policyIds = {
  secondFactor: '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f530',
  'device-not-compliant': '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f531',
  'device-not-joined': '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f532',
  blocked: '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f533',
  'external-challenge': '2f9d5c1a-7b3e-4f60-8a94-d1c6e0b7f534',
} as const;

/** What an error carries as `claims`, for the app's next sign-in to ask with. */
export function claimsOfPolicy(id: string): string {
  return JSON.stringify({ access_token: { capolids: { essential: true, values: [id] } } });
}

/** A policy that nobody knows counts as one that asks for a second factor. */
export function isPolicyWithoutSecondFactor(id: string): boolean {
  return id !== policyIds.secondFactor && Object.values<string>(policyIds).includes(id);
}
