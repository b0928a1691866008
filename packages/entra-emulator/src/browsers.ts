import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { User } from '@entra-bff/directory';

/** An account that is signed in at the emulator, in one browser. */
export interface SignedInAccount {
  readonly user: User;
  /** The `sid` of ID tokens and of front-channel logout requests. */
  readonly sid: string;
  readonly signedInAt: Date;
  readonly withSecondFactor: boolean;
  readonly withExternalChallenge: boolean;
  /** The apps that used this sign-in, with the origins where they run. */
  readonly apps: Map<string, { readonly clientId: string; readonly appOrigin: string }>;
}

/** Single sign-on: the accounts of one browser, identified by a cookie of the emulator's origin. */
export interface Browser {
  readonly id: string;
  readonly accounts: Map<string, SignedInAccount>;
}

export interface BrowserStore {
  /** Returns the browser that the cookie identifies, or a new one. */
  open(headers: IncomingHttpHeaders): Browser;
  /** Stores the browser once an account is signed in there. @returns the headers that set its cookie */
  keep(browser: Browser): Record<string, string>;
  /** Signs out the user, or all users, in every browser. */
  signOut(userId?: string): void;
}

/** The cookie that identifies a browser. */
export const cookieName = 'entra-emulator-sso';

export function createBrowserStore(): BrowserStore {
  const browsers = new Map<string, Browser>();
  return {
    open(headers) {
      const pair = (headers.cookie ?? '').split('; ').find((cookie) => cookie.startsWith(`${cookieName}=`));
      const known = pair === undefined ? undefined : browsers.get(pair.slice(cookieName.length + 1));
      return known ?? { id: randomBytes(32).toString('base64url'), accounts: new Map() };
    },
    keep(browser) {
      if (browser.accounts.size === 0 || browsers.has(browser.id)) return {};
      browsers.set(browser.id, browser);
      // Lax is enough, because apps reach the sign-in pages by navigation only.
      return { 'set-cookie': `${cookieName}=${browser.id}; Path=/; HttpOnly; SameSite=Lax` };
    },
    signOut(userId) {
      for (const { accounts } of browsers.values())
        if (userId === undefined) accounts.clear();
        else accounts.delete(userId);
    },
  };
}

/** Signs an account in at the emulator. An account that is signed in already keeps its `sid`. */
export function signIn(
  browser: Browser,
  user: User,
  at: { now: Date; withSecondFactor: boolean; withExternalChallenge: boolean },
): SignedInAccount {
  const before = browser.accounts.get(user.id);
  const account: SignedInAccount = {
    user,
    sid: before?.sid ?? randomUUID(),
    signedInAt: at.now,
    withSecondFactor: at.withSecondFactor,
    withExternalChallenge: at.withExternalChallenge,
    apps: before?.apps ?? new Map(),
  };
  browser.accounts.set(user.id, account);
  return account;
}
