import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { User } from '../directory.ts';

/** An account that is signed in at the emulator itself, in one browser. */
export type SignedInAccount = {
  readonly user: User;
  /** Named by `sid` in ID tokens and by the front-channel logout call. */
  readonly sid: string;
  signedInAt: Date;
  withSecondFactor: boolean;
  /** Apps that used this sign-in, with the origin that they run at. */
  readonly apps: Map<string, { readonly clientId: string; readonly appOrigin: string }>;
};

/** Single sign-on: what the emulator remembers of one browser, by a cookie on its own origin. */
export type Browser = { readonly id: string; readonly accounts: Map<string, SignedInAccount> };

export type BrowserStore = {
  /** The browser that the cookie names; a new one where it names none. */
  open(headers: IncomingHttpHeaders): Browser;
  signOutEverybody(): void;
};

const cookieName = 'entra-emulator-sso';

export const createBrowserStore = (): BrowserStore => {
  const browsers = new Map<string, Browser>();
  return {
    open(headers) {
      const pair = (headers.cookie ?? '').split('; ').find((cookie) => cookie.startsWith(`${cookieName}=`));
      const known = pair === undefined ? undefined : browsers.get(pair.slice(cookieName.length + 1));
      if (known !== undefined) return known;
      const browser: Browser = { id: randomBytes(32).toString('base64url'), accounts: new Map() };
      browsers.set(browser.id, browser);
      return browser;
    },
    signOutEverybody() {
      browsers.clear();
    },
  };
};

/** Lax is enough: apps reach the sign-in pages by navigation only. */
export const browserCookie = (browser: Browser): string =>
  `${cookieName}=${browser.id}; Path=/; HttpOnly; SameSite=Lax`;

export const signIn = (browser: Browser, user: User, at: { now: Date; withSecondFactor: boolean }): void => {
  browser.accounts.set(user.id, {
    user,
    sid: browser.accounts.get(user.id)?.sid ?? randomUUID(),
    signedInAt: at.now,
    withSecondFactor: at.withSecondFactor,
    apps: browser.accounts.get(user.id)?.apps ?? new Map(),
  });
};
