import type { Registration } from '@entra-bff/directory';
import { importSPKI, jwtVerify } from 'jose';
import { type Authority, findRegistration } from './authority.ts';
import { EntraRefusal, errors } from './errors.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Returns the app that sent a token request, authenticated by its secret or signed assertion.
 * @throws {EntraRefusal}
 */
export async function authenticateClient(
  authority: Authority,
  form: URLSearchParams,
  tokenEndpoint: string,
): Promise<Registration> {
  const clientId = form.get('client_id') ?? '';
  const registration = findRegistration(authority, clientId);
  if (registration === undefined) throw new EntraRefusal(errors.clientUnknown(clientId));

  const secret = form.get('client_secret');
  const assertion = form.get('client_assertion');
  if (secret !== null) {
    if (!registration.secrets.includes(secret)) throw new EntraRefusal(errors.clientSecretWrong(clientId));
    if (authority.switches.clientSecretExpired) throw new EntraRefusal(errors.clientSecretExpired(clientId));
    return registration;
  }
  if (assertion === null || form.get('client_assertion_type') !== assertionType)
    throw new EntraRefusal(errors.clientCredentialMissing());
  if (!(await isSignedBy(registration, assertion, tokenEndpoint)))
    throw new EntraRefusal(errors.assertionInvalid());
  return registration;
}

async function isSignedBy(registration: Registration, assertion: string, audience: string): Promise<boolean> {
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
        // Another key may have signed it.
      }
  return false;
}
