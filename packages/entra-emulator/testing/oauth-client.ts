import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { demoClient } from '@entra-bff/directory';
import type { EntraEmulator } from '../src/emulator.ts';

export const callback = 'http://localhost:7071/api/auth/callback';

/** A bare OAuth client: says exactly what is in its requests and hides nothing of the answers. */
export function createOAuthClient(emulator: EntraEmulator, tenant: string = demoClient.tenantId) {
  const codeVerifier = randomBytes(32).toString('base64url');
  const base = `${emulator.origin}/${tenant}/oauth2/v2.0`;
  const state = randomUUID();
  const nonce = randomUUID();

  const withChanges = (fields: Record<string, string>, changes: Record<string, string | undefined>) => {
    const parameters = new URLSearchParams(fields);
    for (const [name, value] of Object.entries(changes))
      if (value === undefined) parameters.delete(name);
      else parameters.set(name, value);
    return parameters;
  };

  const requestTokens = async (parameters: URLSearchParams): Promise<TokenAnswer> => {
    const response = await fetch(`${base}/token?client-request-id=6d2e6e0a-0000-4000-8000-000000000001`, {
      method: 'POST',
      body: parameters,
    });
    return {
      status: response.status,
      headers: response.headers,
      body: parseJsonObject(await response.text()),
    };
  };

  return {
    state,
    nonce,
    codeVerifier,
    authorizeUrl: (changes: Record<string, string | undefined> = {}): URL => {
      const url = new URL(`${base}/authorize`);
      url.search = withChanges(
        {
          client_id: demoClient.clientId,
          response_type: 'code',
          redirect_uri: callback,
          response_mode: 'query',
          scope: 'User.Read openid profile offline_access',
          state,
          nonce,
          code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
          code_challenge_method: 'S256',
          client_info: '1',
        },
        changes,
      ).toString();
      return url;
    },
    redeem: (code: string, changes: Record<string, string | undefined> = {}) =>
      requestTokens(
        withChanges(
          {
            grant_type: 'authorization_code',
            client_id: demoClient.clientId,
            client_secret: demoClient.clientSecret,
            code,
            redirect_uri: callback,
            code_verifier: codeVerifier,
            scope: 'User.Read openid profile offline_access',
            client_info: '1',
          },
          changes,
        ),
      ),
    refresh: (refreshToken: string, changes: Record<string, string | undefined> = {}) =>
      requestTokens(
        withChanges(
          {
            grant_type: 'refresh_token',
            client_id: demoClient.clientId,
            client_secret: demoClient.clientSecret,
            refresh_token: refreshToken,
            scope: 'User.Read openid profile offline_access',
            client_info: '1',
          },
          changes,
        ),
      ),
  };
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

function parseJsonObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('The answer is no JSON object.');
  return { ...value };
}

/** The text in a member of a token answer. */
export function tokenText(answer: TokenAnswer, name: string): string {
  const value = answer.body[name];
  if (typeof value !== 'string') throw new Error(`The answer has no ${name}: ${JSON.stringify(answer.body)}`);
  return value;
}
