import type { UserAgent } from './user-agent.ts';

/**
 * Begins a sign-in in a browser that is signed in at Entra ID, and stops before the callback is loaded. Tests can then load
 * it repeatedly, changed, or in another browser.
 * @returns path and query of the callback
 */
export async function callbackAddress(browser: UserAgent, from = '/api/auth/login'): Promise<URL> {
  const started = await browser.request(from);
  const answered = await browser.request(started.headers.location ?? '');
  const { location } = answered.headers;
  if (location === undefined) throw new Error(`Entra ID shows a page: ${answered.body.slice(-400)}`);
  return new URL(location);
}

/** A copy of the browser that is signed out of the service but not of Entra ID. */
export function knownAtEntra(browser: UserAgent): UserAgent {
  const copy = browser.clone();
  copy.cookies().clear();
  return copy;
}
