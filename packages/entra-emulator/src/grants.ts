import { randomBytes } from 'node:crypto';
import type { Registration, User } from '@entra-bff/directory';
import type { Ending } from './ended-sign-ins.ts';

/** One completed sign-in of a person to an app: the family that its code and refresh tokens belong to. */
export interface Grant {
  readonly registration: Registration;
  readonly tenantId: string;
  readonly user: User;
  readonly sid: string;
  readonly signedInAt: Date;
  readonly withSecondFactor: boolean;
  readonly withExternalChallenge: boolean;
  /** Authentication contexts that the ID tokens of this sign-in name. */
  readonly idTokenContexts: readonly string[];
  /** What the code was asked with; the default where a token request names no scope. */
  readonly scope: string;
  /** Why everything of this sign-in is refused, once it is. */
  ending: Ending | undefined;
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
  /** What this user's sign-ins, or everybody's, have issued so far is refused. */
  end(ending: Ending, userId?: string): void;
}

// As long as Entra's, so that an app meets the sizes that its URLs, cookies and rows have to hold.
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
