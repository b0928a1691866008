import { type Directory, demoClient, graphResourceId } from '@entra-bff/directory';
import type { JWK } from 'jose';
import type { Configuration, Context } from 'oidc-provider';

const graphUri = 'https://graph.microsoft.com';
/** Less than the minute that a token must have left for a call, so every call renews it. */
const ACCESS_TOKEN_SECONDS = 45;
const ONE_HOUR_SECONDS = 60 * 60;
const at = (path: string) => `/${demoClient.tenantId}/${path}`;

export const paths = {
  authorization: at('oauth2/v2.0/authorize'),
  token: at('oauth2/v2.0/token'),
  end_session: at('oauth2/v2.0/logout'),
  jwks: at('discovery/v2.0/keys'),
} as const;

/** The configuration with which oidc-provider behaves like Entra ID, also where Entra ID differs from the specification. */
export function entraConfiguration({ users, registrations }: Directory, signingKey: JWK): Configuration {
  const registration = registrations.find(({ clientId }) => clientId === demoClient.clientId);
  const userNamed = (username: string) => users.find((user) => user.username === username);
  return {
    clients: [
      {
        client_id: demoClient.clientId,
        client_secret: demoClient.clientSecret,
        client_name: registration?.displayName,
        redirect_uris: registration?.redirectUris,
        // Entra ID returns users from a sign-out to every redirect URI.
        post_logout_redirect_uris: registration && [
          ...registration.postLogoutRedirectUris,
          ...registration.redirectUris,
        ],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_post',
        require_auth_time: true,
      },
    ],
    jwks: { keys: [signingKey] },
    routes: paths,
    scopes: ['openid', 'profile'],
    cookies: { keys: ['signs the cookies of a test'] },
    // In the ID token itself, as at Entra ID. The userinfo endpoint is not used.
    conformIdTokenClaims: false,
    claims: {
      openid: ['sub', 'oid', 'tid', 'ver', 'sid', 'auth_time', 'login_hint'],
      profile: ['name', 'preferred_username', 'roles'],
    },
    findAccount(_context, accountId, token) {
      const user = userNamed(accountId);
      if (user === undefined) return undefined;
      const roles = registration?.roleAssignments.filter(({ userId }) => userId === user.id) ?? [];
      const claims = {
        oid: user.id,
        tid: demoClient.tenantId,
        ver: '2.0',
        name: user.name,
        preferred_username: user.username,
        login_hint: user.username,
        sid: token?.sessionUid,
        ...(roles.length > 0 && { roles: roles.map(({ role }) => role) }),
      };
      return { accountId, claims: () => claims };
    },
    extraTokenClaims: (_context, { accountId, scope }) => ({
      oid: userNamed(accountId)?.id,
      tid: demoClient.tenantId,
      scp: scope,
    }),
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      IdToken: ONE_HOUR_SECONDS,
      RefreshToken: ONE_HOUR_SECONDS,
      Grant: ONE_HOUR_SECONDS,
      Interaction: ONE_HOUR_SECONDS,
      Session: ONE_HOUR_SECONDS,
    },
    // Entra ID issues one for offline_access. oidc-provider drops that scope unless each sign-in asks for consent.
    issueRefreshToken: () => true,
    // At Entra ID, older refresh tokens stay valid. This issuer revokes the whole grant if one is used twice.
    rotateRefreshToken: () => true,
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: () => graphUri,
        getResourceServerInfo: () => ({
          audience: graphResourceId,
          scope: 'User.Read Mail.Read',
          accessTokenTTL: ACCESS_TOKEN_SECONDS,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
        useGrantedResource: () => true,
      },
      rpInitiatedLogout: { enabled: true, logoutSource: confirmLogout },
    },
  };
}

/** Entra ID signs out without a question. This issuer requires a button. */
function confirmLogout(context: Context, form: string): void {
  const button = '<button name="logout" value="yes">Sign out</button>';
  context.type = 'html';
  context.body = `<!doctype html><title>Sign out</title>${form.replace('</form>', `${button}</form>`)}`;
}
