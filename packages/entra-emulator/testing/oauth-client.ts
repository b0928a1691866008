import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { demoClient } from '@entra-bff/directory';
import type { EntraEmulator } from '../src/emulator.ts';

export const callback = 'http://localhost:7071/api/auth/callback';
export const defaultScope = 'User.Read openid profile offline_access';

/** Changes parameters of a request; undefined removes one. */
type Changes = Readonly<Record<string, string | undefined>>;

/** A minimal OAuth client. Tests control every parameter and see every response. */
export interface OAuthClient {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  authorizeUrl(changes?: Changes): URL;
  redeem(code: string, changes?: Changes): Promise<TokenAnswer>;
  refresh(refreshToken: string, changes?: Changes): Promise<TokenAnswer>;
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const credentials = { client_id: demoClient.clientId, client_secret: demoClient.clientSecret };

export function createOAuthClient(
  emulator: EntraEmulator,
  tenant: string = demoClient.tenantId,
): OAuthClient {
  const base = `${emulator.origin}/${tenant}/oauth2/v2.0`;
  const codeVerifier = randomBytes(32).toString('base64url');
  const state = randomUUID();
  const nonce = randomUUID();
  const authorizeParameters = {
    client_id: demoClient.clientId,
    response_type: 'code',
    redirect_uri: callback,
    response_mode: 'query',
    scope: defaultScope,
    state,
    nonce,
    code_challenge: createHash('sha256').update(codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    client_info: '1',
  };
  const requestTokens = (fields: Readonly<Record<string, string>>, changes: Changes) =>
    postTokenRequest(
      base,
      withChanges({ ...credentials, ...fields, scope: defaultScope, client_info: '1' }, changes),
    );
  return {
    state,
    nonce,
    codeVerifier,
    authorizeUrl(changes = {}) {
      const url = new URL(`${base}/authorize`);
      url.search = withChanges(authorizeParameters, changes).toString();
      return url;
    },
    redeem(code, changes = {}) {
      const grant = {
        grant_type: 'authorization_code',
        code,
        redirect_uri: callback,
        code_verifier: codeVerifier,
      };
      return requestTokens(grant, changes);
    },
    refresh: (refreshToken, changes = {}) =>
      requestTokens({ grant_type: 'refresh_token', refresh_token: refreshToken }, changes),
  };
}

function withChanges(fields: Readonly<Record<string, string>>, changes: Changes): URLSearchParams {
  const parameters = new URLSearchParams(fields);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) parameters.delete(name);
    else parameters.set(name, value);
  }
  return parameters;
}

async function postTokenRequest(base: string, body: URLSearchParams): Promise<TokenAnswer> {
  const url = `${base}/token?client-request-id=6d2e6e0a-0000-4000-8000-000000000001`;
  const response = await fetch(url, { method: 'POST', body });
  const { status, headers } = response;
  return { status, headers, body: parseJsonObject(await response.text()) };
}

function parseJsonObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('The response is not a JSON object.');
  return { ...value };
}

/** Returns the text in a member of a token response. */
export function tokenText(answer: TokenAnswer, name: string): string {
  const value = answer.body[name];
  if (typeof value !== 'string')
    throw new Error(`The response has no ${name}: ${JSON.stringify(answer.body)}`);
  return value;
}
