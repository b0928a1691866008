import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spellingsOf } from '../support/prints.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let browser: UserAgent;
/** Every token that Entra ID issued. */
const tokens = new Set<string>();

beforeAll(async () => {
  world = await startWorld();
  world.entra.intercept.tokenResponse = (reply) => {
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      const token: unknown = Reflect.get(Object(reply.body), name);
      if (typeof token === 'string') tokens.add(token);
    }
    return reply;
  };
  worker = await world.startWorker({ extension: 'callerRoutes' });
  browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  // Another access token in the session's cache.
  await browser.script('GET', '/api/graph/v1.0/me');
});

afterAll(() => world.close());

/** Parts of a token count as the token, and so does each part of the session cookie that opens the session. */
function secrets(): readonly string[] {
  const cookie = Buffer.from(browser.cookies().get('session') ?? '', 'base64url');
  const parts = [...tokens].flatMap((token) => [
    token,
    ...token.split('.').filter((part) => part.length > 24),
  ]);
  // The last 64 bytes are the secret of the row and the MAC, see cookie.ts.
  return [...parts, cookie, cookie.subarray(-64, -32)].flatMap(spellingsOf);
}

const findSecrets = (text: string) => secrets().filter((secret) => text.includes(secret));

describe('a handler that answers with everything it was given', () => {
  it('shows who the user is, and no token and no secret of the session', { tags: ['PX-16'] }, async () => {
    const { status, body } = await browser.script('GET', '/api/printed');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ name: 'Alice Adams', roles: ['Admin'] });
    expect(tokens.size).toBeGreaterThanOrEqual(3);
    expect(findSecrets(body)).toEqual([]);
  });

  it('writes no token and no secret of the session to the log', { tags: ['PX-16', 'ER-2'] }, () => {
    const lines = worker.logLines.filter((line) => line.includes('"event":"printed"'));
    expect(lines.length).toBeGreaterThan(10);
    expect(findSecrets(lines.join('\n'))).toEqual([]);
  });

  it("sees the browser's other cookies and none of this service", { tags: ['PX-16'] }, async () => {
    const session = browser.cookies().get('session') ?? '';
    const { body } = await browser.script('GET', '/api/printed', {
      headers: { cookie: `theme=dark; session=${session}; tx-0=x; language=en` },
    });
    expect(JSON.parse(body)).toMatchObject({
      cookies: 'theme=dark; language=en',
      session_cookie: null,
      other_cookie: 'dark',
    });
  });
});

describe('a copy of a caller', () => {
  it('cannot call Graph: the answer is 500, and Graph receives nothing', async () => {
    const before = world.graph.count();
    const { status, body } = await browser.script('GET', '/api/copied-caller');
    expect([status, JSON.parse(body)['code']]).toEqual([500, 'internal_error']);
    expect(world.graph.count()).toBe(before);
  });
});

describe('an access rule of an app', () => {
  it('can call Graph, and can return the caller as a part of what the handler gets', async () => {
    const { status, body } = await browser.script('GET', '/api/named-access');
    expect([status, JSON.parse(body)]).toEqual([200, { name: 'Alice Adams', id: userId('alice') }]);
  });
});
