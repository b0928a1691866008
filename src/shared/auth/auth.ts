import type { Buffer } from 'node:buffer';
import type { Authorization } from '../access/authorize.ts';
import type { Guard } from '../access/rules.ts';
import type { RandomBytes } from '../crypto/seal.ts';
import type { SealedTextPurpose, TextSealer } from '../crypto/sealed-text.ts';
import type { Entra } from '../entra/entra.ts';
import type { Interaction } from '../interaction/interaction.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { Features } from '../policy/features.ts';
import type { Caller } from '../session/caller.ts';
import type { SessionStore } from '../session/store.ts';
import type { CodeFlow } from '../tokens/code-flow.ts';
import { type Callback, createCallback } from './callback.ts';
import { createFrontChannelLogout, type FrontChannelLogout } from './front-channel-logout.ts';
import { createLogin, type Login } from './login.ts';
import { createLoginTransactions } from './login-transaction.ts';
import { createLogout, type Logout } from './logout.ts';
import { createOwnSessions, type OwnSessions } from './own-sessions.ts';
import { createSessionResponse, type SessionResponse } from './session-response.ts';

/** Sign-in, sign-out, and the user's own sessions. */
export interface Auth {
  readonly login: Login;
  readonly callback: Callback;
  readonly logout: Logout;
  readonly frontChannelLogout: FrontChannelLogout;
  readonly ownSessions: OwnSessions;
  sessionResponse(caller: Caller | undefined): SessionResponse;
}

export interface AuthOptions {
  /** The origin that browsers see. */
  readonly origin: string;
  /** The paths below which calls are forwarded to an API, in lower case. */
  readonly proxiedPaths: readonly string[];
  /** The app's page for users who have signed out. Undefined: this service shows one. */
  readonly signedOutPath: string | undefined;
  readonly indexKey: Buffer;
  readonly absoluteSeconds: number;
}

/** What sign-in needs from the admin console. */
export interface AdministratorSignIn {
  /** The policy's features. `findByName` also finds those of the admin console. */
  readonly loginFeatures: Features;
  /** True if a login URL without a ticket may request the feature's permissions for this caller. */
  mayRequest(feature: string, caller: Caller | undefined): boolean;
  /** The member `can.admin` of `api/auth/session` reports whether `read` would allow the user. */
  readonly guards: { readonly read: Guard };
}

export interface AuthDependencies {
  readonly entra: Entra;
  readonly codeFlow: CodeFlow;
  readonly store: SessionStore;
  readonly authorization: Pick<Authorization, 'wouldAllow'>;
  readonly interaction: Interaction;
  readonly rateLimits: RateLimits;
  readonly features: Features;
  readonly admin: AdministratorSignIn;
  readonly sealerFor: (purpose: SealedTextPurpose) => TextSealer;
  readonly random: RandomBytes;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
}

export function createAuth(options: AuthOptions, dependencies: AuthDependencies): Auth {
  const { origin, signedOutPath, proxiedPaths } = options;
  const returnPathRules = { origin, proxiedPaths };
  const { entra, store, features, admin, sealerFor, now } = dependencies;
  const { authority, clientId, redirectUri, isAllowedIssuer } = entra;
  const transactions = createLoginTransactions({
    ...dependencies,
    sealer: sealerFor('login-transaction'),
    boundTo: [authority.url, clientId, redirectUri],
    returnPathRules,
    finishedCookieSeconds: options.absoluteSeconds,
  });
  const login = createLogin({
    ...dependencies,
    returnPathRules,
    features: admin.loginFeatures,
    mayRequest: admin.mayRequest,
    transactions,
  });
  return {
    login,
    callback: createCallback({ ...dependencies, ...options, transactions, login, isAllowedIssuer }),
    logout: createLogout({
      ...options,
      store,
      formSealer: sealerFor('form-token'),
      pendingSealer: sealerFor('logout-pending'),
      endSessionEndpoint: authority.endSessionEndpoint,
      // The redirect URI is registered already, and the callback leads on to the page of this service.
      postLogoutRedirectUri: signedOutPath === undefined ? redirectUri : `${origin}${signedOutPath}`,
      now,
    }),
    frontChannelLogout: createFrontChannelLogout({ ...dependencies, isAllowedIssuer }),
    ownSessions: createOwnSessions({ store, features }),
    sessionResponse: createSessionResponse({ ...dependencies, guards: { admin: admin.guards.read } }),
  };
}
