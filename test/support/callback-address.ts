import type { UserAgent } from './user-agent.ts';

/**
 * Begins a sign-in in a browser that Entra already knows and stops at the address Entra sends it back to, which is not
 * loaded: tests load it as often, as changed and in whatever browser they like.
 * @returns path and query of the callback
 */
export async function callbackAddress(browser: UserAgent, from = '/api/auth/login'): Promise<URL> {
  const started = await browser.request(from);
  const answered = await browser.request(started.headers.location ?? '');
  const { location } = answered.headers;
  if (location === undefined) throw new Error(`Entra shows a page: ${answered.body.slice(-400)}`);
  return new URL(location);
}

/** A copy of the browser that is signed out here and still known to Entra. */
export function knownAtEntra(browser: UserAgent): UserAgent {
  const copy = browser.clone();
  copy.cookies().clear();
  return copy;
}
