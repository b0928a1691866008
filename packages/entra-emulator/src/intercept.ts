import type { Registration, User } from '@entra-bff/directory';
import type { Reply } from '@entra-bff/emulator-kit';
import type { JWTPayload } from 'jose';

/** The token request of an intercepted response. */
export interface TokenContext {
  readonly grantType: 'authorization_code' | 'refresh_token';
  readonly user: User;
  readonly registration: Registration;
  readonly nonce: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

/** Lets a test change the emulator's responses while it runs. */
export interface Intercept {
  idTokenClaims?: ((claims: JWTPayload, context: TokenContext) => JWTPayload) | undefined;
  /** Replaces the signed ID token. */
  idToken?: ((jwt: string, context: TokenContext) => string | Promise<string>) | undefined;
  /** Replaces a whole response of the token endpoint, error responses too. There is no context if no grant was found. */
  tokenResponse?: ((reply: Reply, context: TokenContext | undefined) => Reply | Promise<Reply>) | undefined;
  keys?: ((reply: Reply) => Reply) | undefined;
  /** Changes the URL to which the browser returns, with its parameters. */
  authorizeRedirect?: ((url: URL) => URL) | undefined;
}
