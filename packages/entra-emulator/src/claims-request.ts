import { isPolicyWithoutSecondFactor, policyIds } from './conditional-access-policies.ts';

/** The parts of a `claims` parameter that the emulator supports. MSAL sends one with every request. */
export interface ClaimsRequest {
  /** Authentication contexts that the access token must contain. */
  readonly authenticationContexts: readonly string[];
  /** Authentication contexts that the ID token must contain. */
  readonly idTokenContexts: readonly string[];
  /** The capabilities of the app, such as `CP1` for claims challenges. */
  readonly clientCapabilities: readonly string[];
  /** A Conditional Access policy or an authentication context requires a second factor. */
  readonly demandsSecondFactor: boolean;
  /** A Conditional Access policy requires a page of another provider. */
  readonly demandsExternalChallenge: boolean;
  /** Minimum `nbf` of the access token, for continuous access evaluation, in seconds since 1970. */
  readonly notBeforeSeconds: number;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valuesOf(member: unknown): string[] {
  if (!isRecord(member)) return [];
  const values: unknown[] = Array.isArray(member['values']) ? member['values'] : [member['value']];
  return values.filter((value) => typeof value === 'string');
}

/** Returns undefined if the text is not a JSON object. */
export function parseClaimsRequest(text: string | undefined): ClaimsRequest | undefined {
  let parsed: unknown = {};
  try {
    if (text) parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(parsed)) return undefined;
  const accessToken = isRecord(parsed['access_token']) ? parsed['access_token'] : {};
  const idToken = isRecord(parsed['id_token']) ? parsed['id_token'] : {};
  const authenticationContexts = valuesOf(accessToken['acrs']);
  const idTokenContexts = valuesOf(idToken['acrs']);
  const policies = valuesOf(accessToken['capolids']);
  const [notBefore = ''] = valuesOf(accessToken['nbf']);
  return {
    authenticationContexts,
    idTokenContexts,
    clientCapabilities: valuesOf(accessToken['xms_cc']),
    demandsSecondFactor:
      authenticationContexts.length > 0 ||
      idTokenContexts.length > 0 ||
      policies.some((id) => !isPolicyWithoutSecondFactor(id)),
    demandsExternalChallenge: policies.includes(policyIds['external-challenge']),
    notBeforeSeconds: /^\d{1,12}$/.test(notBefore) ? Number(notBefore) : 0,
  };
}
