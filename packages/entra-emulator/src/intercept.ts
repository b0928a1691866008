import type { Registration, User } from '@entra-bff/directory';
import type { Reply } from '@entra-bff/emulator-kit';
import type { JWTPayload } from 'jose';

/** Which token request an intercepted answer belongs to. */
export interface TokenContext {
  readonly grantType: 'authorization_code' | 'refresh_token';
  readonly user: User;
  readonly registration: Registration;
  readonly nonce: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

/** Ways for a test to make the emulator lie. All optional; set and cleared while it runs. */
export interface Intercept {
  idTokenClaims?: ((claims: JWTPayload, context: TokenContext) => JWTPayload) | undefined;
  /** Replaces the signed ID token. */
  idToken?: ((jwt: string, context: TokenContext) => string | Promise<string>) | undefined;
  /** Replaces a whole answer of the token endpoint, failures included. No context where no grant was found. */
  tokenResponse?: ((reply: Reply, context: TokenContext | undefined) => Reply | Promise<Reply>) | undefined;
  keys?: ((reply: Reply) => Reply) | undefined;
  /** Changes the address that the browser is sent back to, parameters included. */
  authorizeRedirect?: ((url: URL) => URL) | undefined;
}
