import { importSPKI, jwtVerify } from 'jose';
import type { Registration } from '../directory.ts';
import { type Authority, findRegistration } from './authority.ts';
import { type EntraError, errors } from './errors.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Finds the app that a token request comes from and checks its secret or signed assertion. */
export const authenticateClient = async (
  authority: Authority,
  form: URLSearchParams,
  tokenEndpoint: string,
): Promise<{ registration: Registration } | { error: EntraError }> => {
  const clientId = form.get('client_id') ?? '';
  const registration = findRegistration(authority, clientId);
  if (registration === undefined)
    return {
      error: errors.clientUnknown(
        `Application with identifier '${clientId}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`,
      ),
    };

  const secret = form.get('client_secret');
  const assertion = form.get('client_assertion');
  if (secret !== null) {
    if (!registration.secrets.includes(secret))
      return {
        error: errors.clientSecretWrong(
          `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
        ),
      };
    if (authority.switches.clientSecretExpired)
      return {
        error: errors.clientSecretExpired(
          `The provided client secret keys for app '${clientId}' are expired. Visit the portal to create new keys for your app, or consider using certificate credentials for added security.`,
        ),
      };
    return { registration };
  }
  if (assertion !== null && form.get('client_assertion_type') === assertionType)
    return (await isSignedBy(registration, assertion, tokenEndpoint))
      ? { registration }
      : { error: errors.assertionInvalid('Client assertion failed signature validation.') };
  return {
    error: errors.clientCredentialMissing(
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
  };
};

const isSignedBy = async (
  registration: Registration,
  assertion: string,
  audience: string,
): Promise<boolean> => {
  for (const pem of registration.publicKeysPem)
    for (const algorithm of ['PS256', 'RS256'])
      try {
        const key = await importSPKI(pem, algorithm);
        await jwtVerify(assertion, key, {
          algorithms: [algorithm],
          issuer: registration.clientId,
          subject: registration.clientId,
          audience,
          requiredClaims: ['exp'],
        });
        return true;
      } catch {
        // Not this key: try the next.
      }
  return false;
};
