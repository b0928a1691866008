import { randomBytes } from 'node:crypto';
import type { Registration, User } from '@entra-bff/directory';
import type { SignInEnding } from './sign-in-ending.ts';

/** One completed sign-in of a user to an app. Its code and refresh tokens belong to it. */
export interface Grant {
  readonly registration: Registration;
  readonly tenantId: string;
  readonly user: User;
  readonly sid: string;
  readonly signedInAt: Date;
  readonly withSecondFactor: boolean;
  readonly withExternalChallenge: boolean;
  /** Authentication contexts of the ID tokens of this sign-in. */
  readonly idTokenContexts: readonly string[];
  /** The scope of the authorize request. It is the default for token requests without a scope. */
  readonly scope: string;
  /** Why everything that this sign-in has issued is refused; undefined if it is not. */
  ending: SignInEnding | undefined;
}

interface AuthorizationCode {
  readonly grant: Grant;
  readonly redirectUri: string;
  readonly nonce: string | undefined;
  readonly codeChallenge: string | undefined;
  readonly claims: string | undefined;
  readonly expiresAt: Date;
  isRedeemed: boolean;
}

interface RefreshToken {
  readonly grant: Grant;
  readonly expiresAt: Date;
  isSpent: boolean;
}

export interface GrantStore {
  addCode(code: Omit<AuthorizationCode, 'isRedeemed'>): string;
  findCode(value: string): AuthorizationCode | undefined;
  addRefreshToken(token: Omit<RefreshToken, 'isSpent'>): string;
  findRefreshToken(value: string): RefreshToken | undefined;
  /** Refuses everything that the sign-ins of this user, or of all users, have issued so far. */
  end(ending: SignInEnding, userId?: string): void;
}

// As long as those of Entra ID, so that an app meets the sizes that its URLs, cookies and rows must hold.
const codeBytes = 600;
const refreshTokenBytes = 900;

export function createGrantStore(): GrantStore {
  const codes = new Map<string, AuthorizationCode>();
  const refreshTokens = new Map<string, RefreshToken>();
  return {
    addCode(code) {
      const value = `1.${randomBytes(codeBytes).toString('base64url')}`;
      codes.set(value, { ...code, isRedeemed: false });
      return value;
    },
    findCode: (value) => codes.get(value),
    addRefreshToken(token) {
      const value = `1.${randomBytes(refreshTokenBytes).toString('base64url')}`;
      refreshTokens.set(value, { ...token, isSpent: false });
      return value;
    },
    findRefreshToken: (value) => refreshTokens.get(value),
    end(ending, userId) {
      for (const { grant } of [...codes.values(), ...refreshTokens.values()])
        if (userId === undefined || grant.user.id === userId) grant.ending = ending;
    },
  };
}
