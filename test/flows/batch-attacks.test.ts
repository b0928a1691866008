import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HostileBatch, hostileParts, placements } from '../support/batch-attacks.ts';
import { corpus, isAllowedAtGraph, policy } from '../support/proxy-attacks.ts';
import { isWholeRun } from '../support/scale.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

const { profile } = policy.features;
const groups = {
  methods: ['GET'],
  path: '/v1.0/groups',
  scopes: ['User.Read'],
  guard: { roles: ['Nobody'] },
};
const messages = { methods: ['GET'], path: '/v1.0/me/messages', scopes: ['Mail.Read'] };
const withMore = {
  features: {
    profile: { ...profile, rules: [...profile.rules, groups] },
    mail: { title: 'Mail', rules: [messages] },
  },
};
/** What only a signed-in user's session decides. */
const ofTheUser: typeof hostileParts = {
  'calls that a guard refuses': ['"method":"GET","url":"/groups"'],
  'calls whose permission is not granted': ['"method":"GET","url":"/me/messages"'],
};
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
let world: World;
let worker: Worker;
let ben: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(withMore));
  // One user sends the whole corpus.
  const environment = { GRAPH_POLICY_FILE: policyFile, RATE_LIMIT_CALLS_PER_SECOND: '0' };
  worker = await world.startWorker({ environment });
  world.entra.consents.revoke(userId('ben'));
  ben = worker.browser();
  await signIn(ben, { user: 'ben' });
  world.graph.respondWith(({ body }, response) => {
    const { requests }: { requests: { id: string }[] } = JSON.parse(String(body));
    const responses = requests.map(({ id }) => ({ id, status: 200, body: {} }));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ responses }));
  });
});
beforeEach(() => {
  world.graph.requests.length = 0;
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

interface Outcome {
  readonly id: string;
  readonly status: number;
}

/** Sends a batch and returns its parts, and the parts that Graph received, without their random ids. */
async function observe(text: string) {
  world.graph.requests.length = 0;
  const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
  const answer = await ben.script('POST', '/api/graph/v1.0/$batch', { body: text, headers });
  expect(answer.status, text).toBe(200);
  const parts: Outcome[] = JSON.parse(answer.body).responses;
  const positions = String(answer.headers['bff-answered-parts'] ?? '');
  const answered = positions === '' ? [] : positions.split(',').map(Number);
  const sent = String(world.graph.requests[0]?.body ?? '');
  expect(world.graph.requests.length, text).toBe(sent === '' ? 0 : 1);
  for (const { target } of world.graph.requests) expect(target).toBe('/v1.0/$batch');
  return { parts, answered, sent };
}

async function expectRefused({ text, hostileId, good, dependants }: HostileBatch): Promise<void> {
  const { parts, answered, sent } = await observe(text);
  const { requests }: { requests: { id: string; method: string; url: string }[] } = JSON.parse(
    sent || '{"requests":[]}',
  );
  for (const { method, url } of requests) {
    expect(isAllowedAtGraph({ method, target: `/v1.0${url}` }), `${text} sends ${sent}`).toBe(true);
  }
  const hostile = parts.find(({ id }) => id === hostileId);
  // A part of the corpus may be harmless. Then it arrives as an allowed call.
  if (hostile?.status === 200) return;
  const texts = requests.map(({ id }, at) => `{"id":"${id}",${good[at]?.[1]}}`);
  expect(sent, text).toBe(texts.length === 0 ? '' : `{"requests":[${texts.join(',')}]}`);
  expect(requests.length, text).toBe(good.length);
  const ids: string[] = JSON.parse(text).requests.map(({ id }: Outcome) => id);
  expect(parts.map(({ id }) => id)).toEqual(ids);
  for (const [at, { id, status }] of parts.entries()) {
    const isGood = good.some(([goodId]) => goodId === id);
    expect(answered.includes(at), text).toBe(!isGood);
    if (isGood) expect(status, text).toBe(200);
    else if (dependants.includes(id)) expect(status, text).toBe(424);
    else expect([400, 401, 403, 415], text).toContain(status);
  }
}

const kinds = Object.entries({ ...hostileParts, ...ofTheUser }).filter(
  // The unit tests run the whole corpus in every run.
  ([kind]) => isWholeRun || !Object.keys(corpus).some((name) => kind.startsWith(name)),
);

describe('refuses', () => {
  it.each(kinds)(
    'in a batch %s: Graph receives the good parts byte for byte, and neither the hostile one nor its dependants',
    { tags: ['PX-2', 'PX-3', 'PX-4', 'PX-6'] },
    async (_kind, parts) => {
      for (const part of parts) {
        for (const batch of placements(part.replaceAll('{evil}', 'evil.example'))) await expectRefused(batch);
      }
    },
  );
});
