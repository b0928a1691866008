import { isPolicyWithoutSecondFactor, policyIds } from './policy-ids.ts';

/** The parts of a `claims` parameter that the emulator obeys. MSAL sends one with every request. */
export interface ClaimsRequest {
  /** Authentication contexts that the access token has to name. */
  readonly authenticationContexts: readonly string[];
  /** Authentication contexts that the ID token has to name. */
  readonly idTokenContexts: readonly string[];
  /** What the app says it can handle, `CP1` for claims challenges. */
  readonly clientCapabilities: readonly string[];
  /** A conditional access policy or an authentication context asks for a second factor. */
  readonly demandsSecondFactor: boolean;
  /** A conditional access policy asks for a page of another provider. */
  readonly demandsExternalChallenge: boolean;
  /** The access token must not be older: `nbf` of continuous access evaluation, in seconds since 1970. */
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

/** Undefined where the text is no JSON object. */
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
