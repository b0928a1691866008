import { randomUUID } from 'node:crypto';
import type { User } from '@entra-bff/directory';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMsalCache } from '../../../src/shared/tokens/msal-cache.ts';
import { isWholeRun } from '../../support/scale.ts';
import { readRows, readSessionRows } from '../../support/table-rows.ts';
import type { UserAgent } from '../../support/user-agent.ts';
import { type Deployment, redemptions, startDeployment } from '../faults/deployment.ts';
import { openRow } from '../faults/rows.ts';
import { report } from '../report.ts';
import { createSeeded } from '../seeded.ts';
import { createCrowd } from './crowd.ts';
import { readableText } from './readable.ts';

const [USERS, CALLS_EACH] = isWholeRun ? [200, 50] : [20, 5];
const LANES = 24; // Concurrent calls.

const random = createSeeded();
const seed = `seed ${random.seed}`;
const { directory, crowd } = createCrowd(USERS);

/** One user in one browser. */
interface Visitor {
  readonly user: User;
  readonly browser: UserAgent;
  callsLeft: number;
}

let deployment: Deployment;
const visitors: Visitor[] = [];
/** All tokens and session ids that Entra ID issued. */
const issued = new Set<string>();

beforeAll(async () => {
  // As in production, each worker caches sessions.
  deployment = await startDeployment({ directory, environment: { SESSION_CACHE_SECONDS: '5' } });
  const { intercept } = deployment.world.entra;
  let answers = 0;
  intercept.tokenResponse = (reply) => {
    const body: Record<string, unknown> = { ...Object(reply.body) };
    for (const name of ['access_token', 'refresh_token', 'id_token']) issued.add(String(body[name]));
    issued.add(String(decodeJwt(String(body['id_token']))['sid']));
    // One in four has less than a minute left, so the next call waits for its renewal. The others are renewed behind a call
    // after some seconds, because a token is due five minutes before it expires.
    const lifetimeSeconds = answers++ % 4 === 0 ? 50 : 301 + random.below(45);
    return { ...reply, body: { ...body, expires_in: lifetimeSeconds } };
  };
  await inLanes(crowd, async (user) => {
    visitors.push({ user, browser: await signInAs(user), callsLeft: CALLS_EACH });
  });
}, 120_000);

afterAll(() => deployment.close());

async function inLanes<Item>(items: Iterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function signInAs({ id }: User): Promise<UserAgent> {
  const browser = deployment.browser();
  const page = await browser.navigate('/api/auth/login');
  await browser.submit(page, { account: id });
  if (!browser.cookies().has('session')) throw new Error(`not signed in, ${seed}`);
  return browser;
}

/** Returns a random user with calls left. */
function* inRandomOrder(): Generator<Visitor> {
  const left = visitors.flatMap((visitor) => Array.from({ length: visitor.callsLeft }, () => visitor));
  while (left.length > 0) {
    const [visitor] = left.splice(random.below(left.length), 1);
    if (visitor !== undefined) yield visitor;
  }
}

describe('many users on three processes', () => {
  it(`get only their own answers: ${USERS} users with ${CALLS_EACH} calls each, and renewals`, {
    tags: ['PX-17', 'TC-1'],
    timeout: 480_000,
  }, async () => {
    const { world } = deployment;
    const startedMs = performance.now();
    const renewedBefore = redemptions(deployment);
    const mismatches: string[] = [];
    /** The user of each call, by its request id. */
    const callers = new Map<string, string>();
    await inLanes(inRandomOrder(), async ({ user, browser }) => {
      const requestId = randomUUID();
      callers.set(requestId, user.id);
      const answer = await browser
        .clone()
        .script('GET', '/api/graph/v1.0/me', { headers: { 'client-request-id': requestId } });
      if (answer.status !== 200)
        mismatches.push(`${requestId}: ${answer.status} ${answer.body.slice(0, 200)}`);
      else if (JSON.parse(answer.body)['id'] !== user.id) mismatches.push(`${requestId}: another user`);
    });
    const seconds = (performance.now() - startedMs) / 1000;
    expect(mismatches, seed).toEqual([]);

    // The subject of the access token that Graph received with each call.
    const seen = world.graph.requests.map(({ headers, subject }) => ({
      caller: callers.get(headers.find(([name]) => name.toLowerCase() === 'client-request-id')?.[1] ?? ''),
      subject,
    }));
    expect(seen).toHaveLength(USERS * CALLS_EACH);
    expect(
      seen.filter(({ caller, subject }) => caller === undefined || caller !== subject),
      seed,
    ).toEqual([]);
    const renewals = redemptions(deployment) - renewedBefore;
    expect(renewals, seed).toBeGreaterThan(USERS / 10);
    report({
      part: 'soak',
      requirements: 'PX-17, TC-1',
      what: `${USERS} users × ${CALLS_EACH} calls in random order, ${LANES} at a time, on 3 processes that cache sessions for 5 s`,
      result: `${seen.length} × 200 in ${seconds.toFixed(0)} s, ${renewals} renewals, 0 mismatches between caller and token`,
    });
  });

  it('leave a table without readable names, and one account in each cache', {
    tags: ['TC-1', 'TC-2'],
  }, async () => {
    const { world } = deployment;
    const sessions = await readSessionRows(world);
    expect(sessions).toHaveLength(USERS);
    expect(new Set(sessions.map(({ partitionKey }) => partitionKey)).size).toBe(USERS);

    const rows = await readRows(world);
    const text = readableText(rows);
    const named = crowd.flatMap(({ id, name, username, givenName, surname }) => [
      id,
      id.replaceAll('-', ''),
      name,
      username,
      givenName,
      surname,
    ]);
    const canaries = [
      ...named,
      ...issued,
      ...visitors.map(({ browser }) => browser.cookies().get('session') ?? ''),
    ];
    expect(
      canaries.filter((canary) => canary === '' || text.includes(canary)),
      seed,
    ).toEqual([]);
    // The search works: it finds values that are stored unsealed.
    expect(text).toContain(sessions[0]?.rowKey);

    for (const { user, browser } of visitors) {
      const { facts, msalCache } = await openRow(world, browser);
      const { homeAccountIds, idTokens } = readMsalCache(msalCache);
      expect(homeAccountIds, seed).toEqual([`${user.id}.${user.homeTenantId}`]);
      expect(facts.claims.principal.objectId).toBe(user.id);
      const accessTokens = Object.values(JSON.parse(msalCache)['AccessToken']).map((entry) =>
        String(Reflect.get(Object(entry), 'secret')),
      );
      const subjects = [...idTokens, ...accessTokens].map((token) => decodeJwt(token)['oid']);
      expect(new Set(subjects), seed).toEqual(new Set([user.id]));
    }
    report({
      part: 'soak',
      requirements: 'TC-1, TC-2',
      what: `the table afterwards: ${rows.length} rows, searched for ${canaries.length} tokens, names, addresses, ids and cookies`,
      result: `none found; ${visitors.length} rows decrypted with cookie and keys: one account in each, and only its own tokens`,
    });
  });
});
