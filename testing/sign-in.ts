import { type BrowserCookie, signInAtEmulator } from './control.ts';
import { navigate } from './navigate.ts';

export interface TestSignInOptions {
  /** The origin of your app. Default: `http://localhost:7071`. */
  readonly app?: string;
  /** Permissions to which the user has consented, besides those of the sign-in. Default: none. */
  readonly scopes?: readonly string[];
  /** Whether the sign-in had a second factor. Default: only if the user always needs one. */
  readonly secondFactor?: boolean;
}

/** The part of Playwright's `Page` that is used. */
export interface BrowserPage {
  context(): { addCookies(cookies: BrowserCookie[]): Promise<void> };
}

/**
 * Signs a user in to your app in the browser of a page, without any page of Entra ID. The user is also signed in at the
 * Entra emulator, as after a real sign-in. Load your page after it.
 * @param user the username, or the part of it before the at sign
 * @throws {Error} if there is no such user, or if the sign-in does not succeed
 */
export async function signInAs(
  page: BrowserPage,
  user: string,
  options: TestSignInOptions = {},
): Promise<void> {
  const { ofApp, ofEmulator } = await signIn(user, options);
  await page.context().addCookies([...ofApp, ofEmulator]);
}

/**
 * Signs a user in to your app without a browser.
 * @param user the username, or the part of it before the at sign
 * @returns the value of a `Cookie` header. Calls also need the header `X-CSRF: 1`.
 * @throws {Error} if there is no such user, or if the sign-in does not succeed
 */
export async function sessionCookieFor(user: string, options: TestSignInOptions = {}): Promise<string> {
  const { ofApp } = await signIn(user, options);
  const session = ofApp.find(({ name }) => /^(?:__Host-(?:Http-)?)?session$/.test(name));
  if (session === undefined) throw new Error(`The app did not sign ${user} in.`);
  return `${session.name}=${session.value}`;
}

/** Completes a sign-in as a browser does: app, Entra ID, app. */
async function signIn(
  user: string,
  { app = 'http://localhost:7071', scopes = [], secondFactor }: TestSignInOptions,
) {
  const jar = new Map<string, BrowserCookie>();
  const authorize = await next(new URL('/api/auth/login', app), jar);
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(authorize.hostname))
    throw new Error(`The app signs in at ${authorize.origin}, which is no emulator.`);
  // The consent page does not appear for what the sign-in asks for.
  const asked = (authorize.searchParams.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  const ofEmulator = await signInAtEmulator(authorize.origin, {
    user,
    scopes: [...asked, ...scopes],
    secondFactor,
  });
  const callback = await next(authorize, new Map([[ofEmulator.name, ofEmulator]]));
  await next(callback, jar);
  return { ofApp: [...jar.values()], ofEmulator };
}

/** Sends the cookies, stores new ones, and returns where the response leads. @throws {Error} if it leads nowhere */
async function next(address: URL, jar: Map<string, BrowserCookie>): Promise<URL> {
  const cookie = [...jar.values()].map(({ name, value }) => `${name}=${value}`).join('; ');
  const { status, location, setCookies, body } = await navigate(address, cookie);
  for (const line of setCookies) store(jar, address, line);
  if (location !== undefined) return new URL(location, address);
  const [, title = ''] = /<title>([^<]*)</.exec(body) ?? [];
  throw new Error(`The sign-in stopped at ${address.origin}${address.pathname}: ${status} ${title}`);
}

function store(jar: Map<string, BrowserCookie>, { hostname, protocol }: URL, line: string): void {
  const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
  if (/;\s*max-age=0\b/i.test(line)) {
    jar.delete(name);
    return;
  }
  const sameSite = /;\s*samesite=lax\b/i.test(line) ? 'Lax' : 'Strict';
  jar.set(name, {
    name,
    value,
    domain: hostname,
    path: '/',
    httpOnly: /;\s*httponly\b/i.test(line),
    secure: protocol === 'https:',
    sameSite,
  });
}
