import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Directory, demoClient } from '@entra-bff/directory';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Context } from 'oidc-provider';
import { entraConfiguration, paths } from './entra-dress.ts';

/** An OpenID provider that shares no code with the emulator, at the addresses of Entra ID. */
export interface SecondIssuer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Responses of the token endpoint, oldest first. */
  readonly tokenAnswers: Record<string, unknown>[];
  close(): Promise<void>;
}

export async function startSecondIssuer(directory: Directory): Promise<SecondIssuer> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const signingKey = { ...(await exportJWK(privateKey)), kid: 'second-issuer', use: 'sig', alg: 'RS256' };
  let handle: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => {
    request.url = toOwnAddress(request.url ?? '/');
    handle?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;

  const provider = new Provider(
    `${origin}/${demoClient.tenantId}/v2.0`,
    entraConfiguration(directory, signingKey),
  );
  ignoreLocalhostPorts(provider);
  grantOfflineAccess(provider);
  const tokenAnswers: Record<string, unknown>[] = [];
  provider.use(async (context, next) => {
    await next();
    if (context.path !== paths.token) return;
    const answer = toEntraAnswer(context, directory);
    context.body = answer;
    tokenAnswers.push(answer);
  });
  handle = provider.callback();

  return {
    origin,
    tokenAnswers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** All tenants have the same keys, and a sign-out need not name the app. */
function toOwnAddress(target: string): string {
  const url = new URL(target.replace(/^\/common\//, `/${demoClient.tenantId}/`), 'http://127.0.0.1');
  if (url.pathname === paths.end_session) url.searchParams.set('client_id', demoClient.clientId);
  return url.pathname + url.search;
}

/** Like Entra ID, ignores the port if the host is `localhost`. */
function ignoreLocalhostPorts({ Client }: Provider): void {
  const { prototype } = Client;
  const { redirectUriAllowed, postLogoutRedirectUriAllowed } = prototype;
  const withoutPort = (uri: string) => uri.replace(/^http:\/\/localhost:\d+\//, 'http://localhost/');
  prototype.redirectUriAllowed = function (uri) {
    return redirectUriAllowed.call(this, withoutPort(uri));
  };
  prototype.postLogoutRedirectUriAllowed = function (uri) {
    return postLogoutRedirectUriAllowed.call(this, withoutPort(uri));
  };
}

/** MSAL repeats `offline_access` at a renewal, which this issuer would refuse as a scope that was never granted. */
function grantOfflineAccess({ RefreshToken }: Provider): void {
  const inherited = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(RefreshToken.prototype), 'scopes');
  Object.defineProperty(RefreshToken.prototype, 'scopes', {
    get(this: unknown): Set<string> {
      const scopes: unknown = inherited?.get?.call(this);
      return new Set([...(scopes instanceof Set ? scopes : []), 'offline_access']);
    },
  });
}

function toEntraAnswer({ body, oidc }: Context, { users }: Directory): Record<string, unknown> {
  const answer: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {};
  if (answer['error'] === 'invalid_scope') {
    // A permission to which the user has not consented yet.
    return { error: 'invalid_grant', suberror: 'consent_required', error_codes: [65001] };
  }
  const user = users.find(({ username }) => username === oidc?.account?.accountId);
  if (user === undefined) return answer;
  const clientInfo = JSON.stringify({ uid: user.id, utid: demoClient.tenantId });
  return { ...answer, client_info: Buffer.from(clientInfo).toString('base64url') };
}
