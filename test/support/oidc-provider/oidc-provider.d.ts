/** The part of oidc-provider 9 that the second issuer uses. The package contains no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';
  import type { JWK } from 'jose';

  interface Context {
    readonly path: string;
    status: number;
    type: string;
    body: unknown;
    readonly oidc?: { readonly account?: { readonly accountId: string } };
  }

  /** A code, a refresh token or an access token. */
  interface IssuedToken {
    readonly accountId: string;
    readonly scope: string;
    readonly sessionUid?: string;
  }

  interface Configuration {
    readonly clients: readonly Record<string, unknown>[];
    readonly jwks: { readonly keys: readonly JWK[] };
    readonly routes: Readonly<Record<string, string>>;
    readonly scopes: readonly string[];
    readonly claims: Readonly<Record<string, readonly string[]>>;
    readonly conformIdTokenClaims: boolean;
    readonly cookies: { readonly keys: readonly string[] };
    readonly ttl: Readonly<Record<string, number>>;
    readonly features: {
      readonly resourceIndicators: {
        readonly enabled: true;
        defaultResource(): string;
        getResourceServerInfo(): Record<string, unknown>;
        useGrantedResource(): boolean;
      };
      readonly rpInitiatedLogout: {
        readonly enabled: true;
        logoutSource(context: Context, form: string): void;
      };
    };
    findAccount(
      context: Context,
      accountId: string,
      token?: IssuedToken,
    ): { accountId: string; claims(): Record<string, unknown> } | undefined;
    extraTokenClaims(context: Context, token: IssuedToken): Record<string, unknown>;
    issueRefreshToken(): boolean;
    rotateRefreshToken(): boolean;
  }

  // biome-ignore lint/style/noDefaultExport: it is the package's
  export default class Provider {
    constructor(issuer: string, configuration: Configuration);
    readonly Client: {
      readonly prototype: {
        redirectUriAllowed(uri: string): boolean;
        postLogoutRedirectUriAllowed(uri: string): boolean;
      };
    };
    readonly RefreshToken: { readonly prototype: { readonly scopes: Set<string> } };
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
  }
}
