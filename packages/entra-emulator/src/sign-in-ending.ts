/** Why everything that a sign-in has issued is refused. A new sign-in works. */
export type SignInEnding =
  | 'revoked'
  | 'session-revoked'
  | 'not-valid'
  | 'expired'
  | 'sign-in-too-old'
  | 'session-too-old';

/** The description of each, in the order of the switches page. */
export const endings: Readonly<Record<SignInEnding, string>> = {
  revoked: 'password changed or sessions revoked (AADSTS50173)',
  'session-revoked': 'session revoked (AADSTS50133)',
  'not-valid': 'refresh token no longer valid (AADSTS70000)',
  expired: 'not used for 90 days (AADSTS700082)',
  'sign-in-too-old': 'sign-in too old for a policy (AADSTS70043)',
  'session-too-old': 'session too old for a policy (AADSTS70044)',
};

export const isEnding = (value: string): value is SignInEnding => Object.hasOwn(endings, value);
