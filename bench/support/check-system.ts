import { Buffer } from 'node:buffer';
import { sendWire } from '../../test/support/user-agent.ts';
import { userId } from '../../test/support/world.ts';
import type { SeenRequest } from '../upstream.ts';
import { fixedToken } from './fixed-token.ts';
import { LONG_BYTES, longPath, SHORT_BYTES, type Target } from './requests.ts';
import type { System } from './systems.ts';

/**
 * Makes sure that a system does what is measured: it returns Graph's whole response, Graph receives the right token and no
 * cookie, and a browser that is not signed in receives nothing.
 * @param watchUpstream returns what Graph receives during the action
 * @returns the size of the response's body
 */
export async function checkSystem(
  system: System,
  target: Target,
  watchUpstream: (action: () => Promise<unknown>) => Promise<readonly SeenRequest[]>,
): Promise<number> {
  const answer = await sendOnce(target);
  const fail = (what: string) =>
    new Error(`${system.name} ${what} (${answer.status}: ${answer.body.slice(0, 200)})`);
  if (answer.status !== 200) throw fail('does not respond with 200');
  const seen = await watchUpstream(() => sendOnce(target));
  if (system.token === 'none') {
    if (seen.length > 0) throw fail('calls Graph');
    return answer.bytes.length;
  }
  const expectedBytes = target.path.endsWith(longPath) ? LONG_BYTES : SHORT_BYTES;
  const aboutMe: unknown = JSON.parse(answer.body)?.aboutMe;
  // Links may have been rewritten, so the size alone proves nothing.
  if (typeof aboutMe !== 'string' || !/^x+$/.test(aboutMe)) throw fail('does not return the last member');
  if (Math.abs(answer.bytes.length - expectedBytes) > 200) throw fail('does not return the whole response');

  const [request, ...more] = seen;
  if (request === undefined || more.length > 0) throw fail(`makes ${seen.length} calls for one`);
  if (request.hasCookie) throw fail('sends Graph the cookie of the browser');
  const isRight =
    system.token === 'fixed'
      ? request.authorization === fixedToken
      : isOfUser(request.authorization, 'alice');
  if (!isRight) throw fail('sends Graph another token');

  if (system.signInPath === undefined) return answer.bytes.length;
  const { cookie: _, ...withoutCookie } = target.headers;
  const refused = await sendOnce({ ...target, headers: withoutCookie });
  if (refused.status !== 401) throw fail(`responds to a stranger with ${refused.status}`);
  return answer.bytes.length;
}

function sendOnce({ origin, path, headers }: Target) {
  return sendWire(origin, path, { headers });
}

function isOfUser(authorization: string, user: string): boolean {
  const payload = authorization.split('.')[1] ?? '';
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8') || '{}');
  return typeof claims === 'object' && claims !== null && 'oid' in claims && claims.oid === userId(user);
}
