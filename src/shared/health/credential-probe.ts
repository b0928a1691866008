import { type Cloud, clouds } from '../entra/authority.ts';
import type { Entra } from '../entra/entra.ts';
import { interpretTokenError } from '../entra/errors.ts';
import type { SendHttp } from '../network/http-request.ts';
import {
  MAX_TOKEN_RESPONSE_BYTES,
  parseJsonObject,
  parseTokenErrorResponse,
  TOKEN_REQUEST_DEADLINE_MS,
} from '../tokens/token-endpoint.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface CredentialProbeOptions {
  readonly entra: Pick<Entra, 'clientId' | 'authority' | 'credential' | 'credentialVerdict'>;
  readonly cloud: Cloud;
  /** A GUID, or `organizations`. */
  readonly tenantId: string;
  readonly sendHttp: SendHttp;
}

/**
 * Requests an access token of the app itself (RFC 6749, section 4.4), to learn whether Entra ID accepts the app's
 * credential. The token is never used. Never rejects. If the response is not conclusive, the recorded verdict stays.
 */
export function createCredentialProbe(options: CredentialProbeOptions): () => Promise<void> {
  const { entra, cloud, tenantId, sendHttp } = options;
  const { clientId, authority, credential, credentialVerdict } = entra;
  const { origin, pathname } = new URL(authority.tokenEndpoint);
  return async () => {
    // Such a token comes from one tenant, and with `organizations` no setting names the app's home tenant.
    if (tenantId === 'organizations') return;
    try {
      const form = new URLSearchParams({
        client_id: clientId,
        grant_type: 'client_credentials',
        scope: `${clouds[cloud].graph}/.default`,
        ...('clientSecret' in credential.options
          ? { client_secret: credential.options.clientSecret }
          : {
              client_assertion: await credential.options.clientAssertion(),
              client_assertion_type: ASSERTION_TYPE,
            }),
      });
      const { status, body } = await sendHttp({
        method: 'POST',
        origin,
        path: pathname,
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: Buffer.from(form.toString()),
        borrower: { kind: 'one call' },
        deadlineMs: TOKEN_REQUEST_DEADLINE_MS,
        maxResponseBytes: MAX_TOKEN_RESPONSE_BYTES,
      });
      const parsed = parseJsonObject(body.toString('utf8'));
      if (parsed === undefined || status >= 500 || status === 429) return;
      if (status === 200 && typeof parsed['access_token'] === 'string') {
        credentialVerdict.recordAccepted();
        return;
      }
      const error = parseTokenErrorResponse(parsed);
      // The tenant is the app's own. An error about the app, and not its credential, therefore counts as a refusal too.
      const isRefused = error !== undefined && interpretTokenError(error).kind === 'own-credential-refused';
      if (isRefused) credentialVerdict.recordRefused();
    } catch {
      // No response, or no assertion. The check `credential` reports an assertion that cannot be created.
    }
  };
}
