import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoClient } from '@entra-bff/directory';
import type { Respond } from '@entra-bff/graph-emulator';
import { challengeHeader, defaultGraphSwitches } from '@entra-bff/graph-emulator';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { withSentIds } from '../support/batch-answer.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

const bodyLimitBytes = 16 * 1024 * 1024;
const policy = {
  features: {
    profile: {
      title: 'Profile',
      signIn: true,
      rules: [
        { methods: ['GET'], path: '/v1.0/me', query: { $select: true }, scopes: ['User.Read'] },
        { methods: ['GET'], path: '/v1.0/me/photo/$value', scopes: ['User.Read'] },
        { methods: ['GET', 'POST'], path: '/v1.0/me/things/{id}', scopes: ['User.Read'] },
        {
          methods: ['GET'],
          path: '/v1.0/groups',
          scopes: ['User.Read'],
          guard: { roles: ['Nobody'] },
        },
        { methods: ['GET'], path: '/beta/me', scopes: ['User.Read'] },
      ],
    },
    mail: {
      title: 'Mail',
      rules: [
        {
          methods: ['GET'],
          path: '/v1.0/me/messages',
          query: { $top: true, $skip: true },
          scopes: ['Mail.Read'],
        },
      ],
    },
    calendar: {
      title: 'Calendar',
      rules: [{ methods: ['GET'], path: '/v1.0/me/events', scopes: ['Calendars.Read'] }],
    },
  },
};
const { clientId } = demoClient;
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
let world: World;
let worker: Worker;
let browser: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  worker = await world.startWorker({
    environment: { GRAPH_POLICY_FILE: policyFile, GRAPH_BODY_LIMIT_BYTES: String(bodyLimitBytes) },
  });
  browser = worker.browser();
  await signIn(browser, { user: 'alice' });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});
afterEach(() => {
  world.graph.respondWith(undefined);
  world.graph.requests.length = 0;
  Object.assign(world.graph.switches, defaultGraphSwitches());
  world.graph.clearRevocations();
});

interface Part {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown> & { readonly error?: unknown };
}

function send(
  body: unknown,
  { path = '/api/graph/v1.0/$batch', type = 'application/json', as = browser } = {},
): Promise<WireAnswer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': type, 'content-length': String(Buffer.byteLength(text)) };
  return as.script('POST', path, { body: text, headers });
}
const partsOf = ({ body }: WireAnswer): Part[] => JSON.parse(body).responses;
/** What a part's caller sees: its id, status and code. */
const outcomesOf = (answer: WireAnswer) =>
  partsOf(answer).map(({ id, status, body }) => [
    id,
    status,
    ...(status < 400 ? [] : [body['code'] ?? (body.error as { code: string }).code]),
  ]);
const answeredParts = ({ headers }: WireAnswer) => headers['bff-answered-parts'];
/** The addresses of the parts that Graph received, of all batches. */
const sentUrls = () =>
  world.graph.requests.flatMap(({ body }): string[] =>
    JSON.parse(String(body)).requests.map(({ url }: { url: string }) => url),
  );
const problemOf = ({ status, body }: WireAnswer) => {
  const { code, batch_id } = JSON.parse(body);
  return [status, code, batch_id];
};
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const get = (id: string, url: string) => ({ id, method: 'GET', url });
const batch = (...requests: unknown[]) => ({ requests });

/** Makes Graph return this text for every batch. The ids "1", "2" … stand for the ids that Graph received. */
const respondWithText = (text: string) =>
  world.graph.respondWith(({ body }, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(withSentIds(body, text));
  });
const respondWithParts = (...parts: unknown[]) => respondWithText(JSON.stringify({ responses: parts }));

describe('a batch', () => {
  it('is sent to Graph in one request and returns its parts, JSON and bytes', {
    tags: ['PX-6'],
  }, async () => {
    const answer = await send(
      batch(get('1', '/me?$select=displayName'), get('p', 'me/photo/$value'), get('x', '/me/things/x1')),
    );
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(partsOf(answer)).toMatchObject(
      [
        { id: '1', status: 200, body: { displayName: 'Alice Adams' } },
        { id: 'p', status: 200, headers: { 'Content-Type': 'image/png' }, body: /^iVBOR/ as unknown },
        { id: 'x', status: 404, body: { error: { code: 'ResourceNotFound' } } },
      ].map((part) => (part.id === 'p' ? { ...part, body: expect.stringMatching(/^iVBOR/) } : part)),
    );
    expect(world.graph.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'POST /v1.0/$batch',
    ]);
  });

  it('is sent to v1.0 unless its path names beta', async () => {
    respondWithParts({ id: '1', status: 200 });
    for (const [path, target] of [
      ['/api/graph/$batch', '/v1.0/$batch'],
      ['/api/graph/beta/$batch', '/beta/$batch'],
    ] as const) {
      expect((await send(batch(get('1', '/me')), { path })).status).toBe(200);
      expect(world.graph.requests.at(-1)?.target).toBe(target);
    }
  });

  it('carries only allowed headers, in the request and in its parts', { tags: ['PX-7'] }, async () => {
    respondWithParts({ id: '1', status: 200 });
    const headers = { Authorization: 'Bearer theirs', Cookie: 'a=b', Host: 'evil', Prefer: 'return=minimal' };
    await send(batch({ ...get('1', '/me'), headers }));
    const [request] = world.graph.requests;
    expect(JSON.parse(String(request?.body))).toEqual(
      batch({ ...get(expect.stringMatching(uuid), '/me'), headers: { prefer: 'return=minimal' } }),
    );
    const outside = request?.headers.map(([name]) => name.toLowerCase()).sort();
    expect(outside).toEqual([
      'accept',
      'accept-encoding',
      'authorization',
      'client-request-id',
      'connection',
      'content-length',
      'content-type',
      'host',
    ]);
  });

  it('is throttled part by part, with Retry-After in seconds inside each part', {
    tags: ['G1'],
  }, async () => {
    world.graph.switches.throttledCalls = 1;
    const parts = partsOf(await send(batch(get('1', '/me'), get('2', '/me'))));
    expect(parts).toMatchObject([
      {
        id: '1',
        status: 429,
        headers: { 'Retry-After': '10' },
        body: { error: { code: 'TooManyRequests' } },
      },
      { id: '2', status: 200 },
    ]);
    world.pass(10);
    const inAMinute = new Date(Date.now() + 60_000).toUTCString();
    respondWithParts(
      { id: '1', status: 429, headers: { 'Retry-After': inAMinute } },
      { id: '2', status: 503, headers: { 'retry-after': 'soon' } },
    );
    const [dated, vague] = partsOf(await send(batch(get('1', '/me'), get('2', '/me'))));
    expect(Number(dated?.headers['Retry-After'])).toBeGreaterThan(50);
    expect(Number(dated?.headers['Retry-After'])).toBeLessThan(61);
    expect(vague?.headers).toEqual({ 'Retry-After': '5' });
    world.pass(60);
  });

  it('keeps dependsOn: a part that depends on a failed one gets 424', async () => {
    const answer = await send(batch(get('1', '/me/things/x1'), { ...get('2', '/me'), dependsOn: ['1'] }));
    expect(partsOf(answer).map(({ status }) => status)).toEqual([404, 424]);
  });
});

describe('permissions of a batch', () => {
  const mixed = batch(get('1', '/me'), get('2', '/me/messages?$top=1'), get('3', '/me/events'));
  let ben: UserAgent;
  beforeEach(async () => {
    world.entra.consents.revoke(userId('ben'));
    // Long enough for all remembered refusals to expire.
    world.pass(3600);
    ben = worker.browser();
    await signIn(ben, { user: 'ben' });
  });
  afterEach(() => {
    world.entra.consents.withdraw(['Mail.Read', 'Calendars.Read']);
    world.entra.switches.throttledRetryAfterSeconds = 0;
  });

  it('that are not granted refuse the parts that need them, each with its own problem, and the rest is sent', {
    tags: ['PX-6'],
  }, async () => {
    const answer = await send(mixed, { as: ben });
    expect([answer.status, answeredParts(answer)]).toEqual([200, '1,2']);
    expect(partsOf(answer)).toMatchObject([
      { id: '1', status: 200, body: { displayName: 'Ben Brown' } },
      {
        id: '2',
        status: 401,
        headers: { 'Content-Type': 'application/json' },
        body: {
          code: 'interaction_required',
          reason: 'consent_required',
          feature: 'mail',
          scopes: ['Mail.Read'],
          login_url: expect.stringContaining('ticket='),
          error: { code: 'interaction_required', message: expect.stringMatching(/\w/) },
        },
      },
      { id: '3', status: 401, body: { feature: 'calendar', scopes: ['Calendars.Read'] } },
    ]);
    expect(sentUrls()).toEqual(['/me']);
  });

  it('are requested for one part at a time, until the whole batch passes', async () => {
    for (const id of ['2', '3']) {
      const part = partsOf(await send(mixed, { as: ben })).find((one) => one.status === 401);
      expect(part?.id).toBe(id);
      await signIn(ben, { user: 'ben', from: String(part?.body['login_url']) });
    }
    const passed = await send(mixed, { as: ben });
    expect(outcomesOf(passed)).toEqual([
      ['1', 200],
      ['2', 200],
      ['3', 200],
    ]);
    expect(answeredParts(passed)).toBeUndefined();
  });

  it('that were granted elsewhere since the sign-in are used, although others are missing', async () => {
    const { tenantId } = demoClient;
    world.entra.consents.grant({ tenantId, clientId, scopes: ['Mail.Read'] });
    expect(outcomesOf(await send(mixed, { as: ben }))).toEqual([
      ['1', 200],
      ['2', 200],
      ['3', 401, 'interaction_required'],
    ]);
    world.entra.consents.grant({ tenantId, clientId, scopes: ['Calendars.Read'] });
    world.pass(3600);
    expect(outcomesOf(await send(mixed, { as: ben })).map(([, status]) => status)).toEqual([200, 200, 200]);
  });

  it('that the user declined for one feature refuse its parts and are not requested again automatically', async () => {
    const asked = partsOf(await send(mixed, { as: ben }))[2]?.body;
    await signIn(ben, { user: 'ben', decision: 'decline', from: String(asked?.['login_url']) });
    world.graph.requests.length = 0;
    const refused = await send(mixed, { as: ben });
    expect(outcomesOf(refused)).toEqual([
      ['1', 200],
      ['2', 401, 'interaction_required'],
      ['3', 403, 'consent_declined'],
    ]);
    expect(partsOf(refused)[2]?.body).toMatchObject({ feature: 'calendar', login_url: expect.any(String) });
    expect(sentUrls()).toEqual(['/me']);
  });

  it('that no part has leave nothing to send: Graph is not called, and the session is not extended', {
    tags: ['SC-3'],
  }, async () => {
    const idleLimit = async () => String((await ben.scriptJson('/api/auth/session'))['idle_expires_at']);
    const before = await idleLimit();
    world.advance(2_000);
    const answer = await send(batch(get('m', '/me/messages'), get('u', '/users')), { as: ben });
    expect(outcomesOf(answer)).toEqual([
      ['m', 401, 'interaction_required'],
      ['u', 403, 'path_not_allowed'],
    ]);
    expect([answer.status, answeredParts(answer)]).toEqual([200, '0,1']);
    expect([world.graph.count(), await idleLimit()]).toEqual([0, before]);
    await send(mixed, { as: ben });
    expect([world.graph.count(), (await idleLimit()) > before]).toEqual([1, true]);
  });

  it('are not requested for parts that are not sent for another reason', async () => {
    const before = world.entra.count('token', 'refresh_token');
    const answer = await send(
      batch(get('bad', '/users'), { ...get('m', '/me/messages'), dependsOn: ['bad'] }, get('1', '/me')),
      { as: ben },
    );
    expect(outcomesOf(answer)).toEqual([
      ['bad', 403, 'path_not_allowed'],
      ['m', 424, 'failedDependency'],
      ['1', 200],
    ]);
    expect(world.entra.count('token', 'refresh_token') - before).toBe(0);
  });

  it('cannot be requested during an outage of the sign-in service: those parts are 503, and the rest is sent', async () => {
    world.entra.switches.throttledRetryAfterSeconds = 20;
    const answer = await send(mixed, { as: ben });
    expect(outcomesOf(answer)).toEqual([
      ['1', 200],
      ['2', 503, 'sign_in_service_unavailable'],
      ['3', 503, 'sign_in_service_unavailable'],
    ]);
    expect(Number(partsOf(answer)[1]?.headers['Retry-After'])).toBeGreaterThan(0);
    // Nothing can be sent, and the reason is the same for all parts.
    const whole = await send(batch(get('2', '/me/messages'), get('3', '/me/events')), { as: ben });
    expect(problemOf(whole).slice(0, 2)).toEqual([503, 'sign_in_service_unavailable']);
  });
});

describe('an access token that Graph refuses in a batch', () => {
  const me = batch(get('1', '/me'), get('2', '/me'));
  const challenge = () =>
    challengeHeader({ kind: 'issued-after', epochSeconds: Math.floor(Date.now() / 1000) }, 'plain', {
      authorizationUri: world.entra.origin,
      clientId,
    })[0];
  const refused = (id: string) => ({
    id,
    status: 401,
    headers: { 'WWW-Authenticate': challenge(), 'Content-Type': 'application/json' },
    body: { error: { code: 'InvalidAuthenticationToken' } },
  });
  const redemptions = () => world.entra.count('token', 'refresh_token');

  it('is replaced silently once if the whole batch is refused', { tags: ['PX-15', 'G7'] }, async () => {
    await send(me);
    world.graph.revokeTokens(userId('alice'));
    const before = redemptions();
    world.graph.requests.length = 0;
    expect(partsOf(await send(me)).map(({ status }) => status)).toEqual([200, 200]);
    expect([world.graph.count(), redemptions() - before]).toEqual([2, 1]);
  });

  it('is replaced silently if every part is refused or depends on a refused one', {
    tags: ['PX-15'],
  }, async () => {
    const before = redemptions();
    const dependent = { id: '2', status: 424, body: { error: { code: 'FailedDependency' } } };
    let calls = 0;
    world.graph.respondWith((request, response) => {
      const responses =
        calls++ === 0
          ? [refused('1'), dependent]
          : [
              { id: '1', status: 200 },
              { id: '2', status: 200 },
            ];
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(withSentIds(request.body, JSON.stringify({ responses })));
    });
    const answer = await send(batch(get('1', '/me'), { ...get('2', '/me'), dependsOn: ['1'] }));
    expect(partsOf(answer).map(({ status }) => status)).toEqual([200, 200]);
    expect([calls, redemptions() - before]).toEqual([2, 1]);
  });

  it('is replaced silently if every part that was sent is refused, beside a part that was not sent', {
    tags: ['PX-15'],
  }, async () => {
    await send(me);
    world.graph.revokeTokens(userId('alice'));
    const before = redemptions();
    world.graph.requests.length = 0;
    const answer = await send(batch(get('bad', '/users'), get('1', '/me'), get('2', '/me')));
    expect(partsOf(answer).map(({ status }) => status)).toEqual([403, 200, 200]);
    expect([sentUrls(), redemptions() - before]).toEqual([['/me', '/me', '/me', '/me'], 1]);
  });

  it('is not replaced if another part got no answer, because its effect is not known', async () => {
    respondWithParts(refused('1'));
    expect(partsOf(await send(me)).map(({ status }) => status)).toEqual([401, 502]);
    expect(world.graph.count()).toBe(1);
  });

  it('requires an interaction if the new token is refused as well', { tags: ['PX-15'] }, async () => {
    respondWithParts(refused('1'), refused('2'));
    const answer = await send(me);
    expect(problemOf(answer).slice(0, 2)).toEqual([401, 'interaction_required']);
    expect(world.graph.count()).toBe(2);
  });

  it('is not replaced if another part was served: the refused part says what the user must do, without the claims', async () => {
    respondWithParts(refused('2'), { id: '1', status: 200, body: {} });
    const answer = await send(me);
    expect(world.graph.count()).toBe(1);
    const parts = partsOf(answer);
    expect(answeredParts(answer)).toBe('1');
    expect(parts).toMatchObject([
      { id: '1', status: 200 },
      {
        id: '2',
        status: 401,
        headers: { 'Content-Type': 'application/json' },
        body: {
          code: 'interaction_required',
          reason: 'continuous_access_evaluation',
          feature: 'profile',
          login_url: expect.stringMatching(/^\/api\/auth\/login\?ticket=[\w-]+$/),
          error: { code: 'interaction_required' },
        },
      },
    ]);
    const withoutTickets = answer.body.replaceAll(/ticket=[\w-]+/g, '');
    expect(withoutTickets).not.toMatch(/insufficient_claims|www-authenticate|nbf/i);
  });
});

describe('a part that may not be sent', () => {
  const alone = (members: object) => ({ ...get('bad', '/me'), ...members });
  const forbidden: readonly (readonly [what: string, part: unknown, status: number, code: string])[] = [
    ['a path without a rule', get('bad', '/users'), 403, 'path_not_allowed'],
    ['a method without a rule', alone({ method: 'DELETE' }), 403, 'path_not_allowed'],
    ['a query option without a rule', get('bad', '/me?$expand=manager'), 403, 'path_not_allowed'],
    ['a guard that refuses the user', get('bad', '/groups'), 403, 'claim_required'],
    [
      'a content type without a rule',
      {
        ...get('bad', '/me/things/x1'),
        method: 'POST',
        headers: { 'content-type': 'image/png' },
        body: 'AA==',
      },
      415,
      'content_type_not_allowed',
    ],
    [
      'a header that changes the call',
      alone({ headers: { Prefer: 'respond-async' } }),
      400,
      'request_invalid',
    ],
    [
      'a batch inside the batch',
      { ...get('bad', '/$batch'), method: 'POST', body: { requests: [] } },
      403,
      'path_not_allowed',
    ],
    ['a path with ..', get('bad', '/../beta/me'), 400, 'request_invalid'],
    ['an address on another host', get('bad', 'https://evil.example/'), 400, 'request_invalid'],
    ['a member that Graph does not document', alone({ if: 'x' }), 400, 'request_invalid'],
    ['no method', { id: 'bad', url: '/me' }, 400, 'request_invalid'],
  ];
  it.each(forbidden)(
    'is answered in its place for %s, with the problem of a single call, and the rest is sent',
    { tags: ['PX-6'] },
    async (_what, part, status, code) => {
      for (const requests of [
        [get('1', '/me'), part, get('2', '/me/things/x1')],
        [part, get('1', '/me'), get('2', '/me/things/x1')],
      ]) {
        world.graph.requests.length = 0;
        const answer = await send(batch(...requests));
        const at = requests.indexOf(part);
        expect([answer.status, answeredParts(answer)]).toEqual([200, String(at)]);
        const parts = partsOf(answer);
        expect(parts.map(({ id }) => id)).toEqual(requests.map((one) => (one as Part).id));
        expect(parts[at]).toMatchObject({
          status,
          headers: { 'Content-Type': 'application/json', 'bff-problem': code },
          body: { type: `urn:entra-bff:problem:${code}`, status, code, error: { code } },
        });
        expect(parts[at]?.body).not.toHaveProperty('batch_id');
        expect(sentUrls()).toEqual(['/me', '/me/things/x1']);
      }
    },
  );

  it('takes the parts with it that depend on it, also indirectly, with 424', { tags: ['PX-6'] }, async () => {
    const answer = await send(
      batch(
        get('1', '/me'),
        { ...get('bad', '/users'), dependsOn: ['1'] },
        { ...get('2', '/me'), dependsOn: ['bad'] },
        { ...get('3', '/me/things/x1'), dependsOn: ['2'] },
      ),
    );
    expect(outcomesOf(answer)).toEqual([
      ['1', 200],
      ['bad', 403, 'path_not_allowed'],
      ['2', 424, 'failedDependency'],
      ['3', 424, 'failedDependency'],
    ]);
    expect(partsOf(answer)[2]).toEqual({
      id: '2',
      status: 424,
      headers: { 'Content-Type': 'application/json' },
      body: { error: { code: 'failedDependency', message: expect.stringContaining('was not sent') } },
    });
    expect(answeredParts(answer)).toBe('1,2,3');
    expect(sentUrls()).toEqual(['/me']);
  });

  it('is answered without a call to Graph if it is alone', async () => {
    const answer = await send(batch(get('bad', '/users')));
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(outcomesOf(answer)).toEqual([['bad', 403, 'path_not_allowed']]);
    expect(world.graph.count()).toBe(0);
  });

  it('leaves a record like a refused call, with its position and without its id, and its dependants leave none', {
    tags: ['ER-3'],
  }, async () => {
    const before = worker.logLines.length;
    await send(
      batch(
        get('1', '/me'),
        { ...get('alice@contoso.example', '/users'), dependsOn: ['1'] },
        { ...get('2', '/me'), dependsOn: ['alice@contoso.example'] },
      ),
    );
    const lines = worker.logLines.slice(before).filter((line) => line.includes('"refused"'));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        event: 'refused',
        audit: true,
        code: 'path_not_allowed',
        status: 403,
        rules: 'path',
        batch_position: 1,
      },
    ]);
    expect(lines.join()).not.toContain('contoso');
  });

  it('does not free the batch from its limits: twenty forbidden parts count as twenty calls', {
    tags: ['DO-3'],
  }, async () => {
    const waiting: (() => void)[] = [];
    world.graph.respondWith((_request, response) => {
      waiting.push(() =>
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"responses":[]}'),
      );
    });
    const forbiddenParts = Array.from({ length: 19 }, (_, at) => get(`${at}`, '/users'));
    const full = batch(get('me', '/me'), ...forbiddenParts);
    const underWay = [1, 2, 3].map(() => send(full));
    await vi.waitFor(() => expect(waiting).toHaveLength(3), { timeout: 10_000 });
    expect(problemOf(await send(full)).slice(0, 2)).toEqual([429, 'rate_limited']);
    for (const answer of waiting) answer();
    expect((await Promise.all(underWay)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('marks of this service that Graph writes', { tags: ['PX-12'] }, () => {
  const forged = { '@entra-bff.answered': true, '@Entra-BFF.problem': {}, '\u0040entra-bff.x': 1 };

  it('never pass: neither as a header of the answer or a part, nor as a member', async () => {
    const part = {
      id: '1',
      status: 401,
      ...forged,
      headers: { 'Bff-Answered-Parts': '0', 'bff-problem': 'x', 'bff-removed-links': 'nextLink=x' },
      body: {
        code: 'interaction_required',
        login_url: '/api/auth/login?ticket=x',
        ...forged,
        value: [{ a: 1, ...forged }],
      },
    };
    world.graph.respondWith(({ body }, response) => {
      response
        .writeHead(200, {
          'content-type': 'application/json',
          'bff-answered-parts': '0',
          'bff-problem': 'interaction_required',
        })
        .end(withSentIds(body, JSON.stringify({ ...forged, responses: [part] })));
    });
    const answer = await send(batch(get('1', '/me')));
    expect(JSON.parse(answer.body)).toEqual({
      responses: [
        {
          id: '1',
          status: 401,
          headers: {},
          body: { code: 'interaction_required', login_url: expect.any(String), value: [{ a: 1 }] },
        },
      ],
    });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('bff-'))).toEqual([]);
  });

  it('do not hide which parts this service answered', async () => {
    world.graph.respondWith(({ body }, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'bff-answered-parts': '0' })
        .end(withSentIds(body, JSON.stringify({ responses: [{ id: '1', status: 200 }] })));
    });
    const answer = await send(batch(get('1', '/me'), get('bad', '/users'), get('2', '/me')));
    expect(outcomesOf(answer)).toEqual([
      ['1', 200],
      ['bad', 403, 'path_not_allowed'],
      ['2', 502, 'upstream_answer_refused'],
    ]);
    expect(answeredParts(answer)).toBe('1,2');
  });

  it('are removed from the answer to a single call too', async () => {
    world.graph.respondWith((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'bff-answered-parts': '0', 'bff-problem': 'x' })
        .end(`{"a":1,"\\u0040entra-bff.y":{"b":2},"list":[{"@entra-bff.x":1,"c":3}]}`);
    });
    const answer = await browser.script('GET', '/api/graph/v1.0/me');
    expect(answer.body).toBe('{"a":1,"list":[{"c":3}]}');
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('bff-'))).toEqual([]);
  });
});

describe('refuses', () => {
  it.each([
    '/api/graph/v1.0/$BATCH',
    '/api/graph/v1.0/%24batch',
    '/api/graph/V1.0/$batch',
    '/api/graph/v1.0/$batch/',
    '/api/graph/v1.0//$batch',
    '/api/graph/v1.0/x/../$batch',
    '/api/graph/v1.0/%2e/$batch',
    '/api/graph/v1.0/$batch?a=b',
    '/api/graph/v2.0/$batch',
    '/api/graph/v1.0/me/$batch',
    '/api/graph/beta/v1.0/$batch',
  ])('a forbidden part under every other spelling of the path: %s', { tags: ['PX-6'] }, async (path) => {
    const answer = await send(batch(get('1', '/me'), get('2', '/users')), { path });
    if (answer.status !== 200) {
      expect([400, 403, 404]).toContain(answer.status);
      expect(world.graph.count()).toBe(0);
      return;
    }
    // The host has decoded the path to that of a batch.
    expect(outcomesOf(answer)).toEqual([
      ['1', 200],
      ['2', 403, 'path_not_allowed'],
    ]);
    expect(sentUrls()).toEqual(['/me']);
  });

  it.each<readonly [what: string, body: unknown, id?: string]>([
    ['no JSON', '{"requests":['],
    ['an id twice', batch(get('1', '/me'), get('1', '/me')), '1'],
    ['a part without an id', batch(get('1', '/me'), { method: 'GET', url: '/me' })],
    ['a part that is no object', batch(get('1', '/me'), 'x')],
    ['a member beside its requests', { ...batch(get('1', '/me')), responses: [] }],
    [
      'an order that Graph does not support',
      batch(get('1', '/me'), get('2', '/me'), { ...get('3', '/me'), dependsOn: ['1', '2'] }),
    ],
    ['a dependency on a later part', batch({ ...get('1', '/me'), dependsOn: ['2'] }, get('2', '/me')), '1'],
    ['too many parts', batch(...Array.from({ length: 21 }, (_, at) => get(`${at}`, '/me')))],
  ])('the whole batch for %s', { tags: ['PX-6'] }, async (_what, body, id) => {
    const answer = await send(body);
    expect(problemOf(answer)).toEqual([400, 'request_invalid', id]);
    if (id !== undefined) expect(answer.body).toContain(`In request \\"${id}\\" of the batch: Refused: `);
    expect(world.graph.count()).toBe(0);
  });

  it('another method, another content type, an empty body, and a browser without a session', async () => {
    expect(problemOf(await browser.script('GET', '/api/graph/v1.0/$batch'))[0]).toBe(403);
    for (const type of ['text/plain', 'multipart/mixed; boundary=x', 'application/json, text/html', '']) {
      expect(problemOf(await send(batch(get('1', '/me')), { type }))[0]).toBe(415);
    }
    expect(problemOf(await send(''))[0]).toBe(400);
    expect((await send(batch(get('1', '/me')), { as: worker.browser() })).status).toBe(401);
    expect(world.graph.count()).toBe(0);
  });
});

describe('concurrent batches', () => {
  it('count as the number of their parts: three batches of twenty are accepted, the fourth gets 429', {
    tags: ['DO-3'],
  }, async () => {
    const waiting: (() => void)[] = [];
    world.graph.respondWith((_request, response) => {
      waiting.push(() =>
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"responses":[]}'),
      );
    });
    const full = batch(...Array.from({ length: 20 }, (_, at) => get(`${at}`, '/me')));
    const underWay = [1, 2, 3].map(() => send(full));
    await vi.waitFor(() => expect(waiting).toHaveLength(3), { timeout: 10_000 });
    expect(problemOf(await send(full)).slice(0, 2)).toEqual([429, 'rate_limited']);
    for (const answer of waiting) answer();
    expect((await Promise.all(underWay)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('the size of a batch', () => {
  it('is limited to 4 MiB even if other bodies may be larger', { tags: ['DO-4'] }, async () => {
    const limitBytes = 4 * 1024 * 1024;
    const text = JSON.stringify(batch(get('1', '/me')));
    expect((await send(text.padEnd(limitBytes))).status).toBe(200);
    expect(problemOf(await send(text.padEnd(limitBytes + 1))).slice(0, 2)).toEqual([413, 'body_too_large']);
  });
});

describe("Graph's answer to a batch", () => {
  const one = batch(get('1', '/me'), get('2', '/me'));

  it('is matched by random ids, so the answer to another batch with the same ids is refused', {
    tags: ['PX-17'],
  }, async () => {
    const bodies: Buffer[] = [];
    const texts: string[] = [];
    world.graph.respondWith(({ body }, response) => {
      bodies.push(body);
      const text = JSON.stringify({
        responses: [
          { id: '1', status: 200 },
          { id: '2', status: 200 },
        ],
      });
      texts.push(withSentIds(body, text));
      // Graph returns the answer to the previous batch.
      response.writeHead(200, { 'content-type': 'application/json' }).end(texts[0]);
    });
    expect((await send(one)).status).toBe(200);
    expect(problemOf(await send(one)).slice(0, 2)).toEqual([502, 'upstream_answer_refused']);
    const ids = bodies.flatMap((body): string[] =>
      JSON.parse(String(body)).requests.map(({ id }: { id: string }) => id),
    );
    expect(ids).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(uuid)));
    expect(new Set(ids).size).toBe(4);
  });

  it('has the ids that the caller chose, also in dependsOn', async () => {
    const [first, second] = ['a b', '{"id":"1"}'];
    const answer = await send(batch(get(first, '/me'), { ...get(second, '/me'), dependsOn: [first] }));
    expect(partsOf(answer)).toMatchObject([
      { id: first, status: 200 },
      { id: second, status: 200 },
    ]);
    const [{ id }, { dependsOn }] = JSON.parse(String(world.graph.requests[0]?.body)).requests;
    expect(dependsOn).toEqual([id]);
  });

  it('has one exact set of headers in each part', { tags: ['PX-12'] }, async () => {
    const headers = {
      'Content-Type': 'application/json',
      ETag: 'W/"1"',
      'Set-Cookie': 'session=evil',
      Location: 'https://evil.example/',
      'WWW-Authenticate': 'Bearer x',
      'Access-Control-Allow-Origin': '*',
      'Clear-Site-Data': '"*"',
      'X-Other': 'x',
      __proto__: 'x',
    };
    respondWithParts({ id: '1', status: 200, headers, body: { a: 1 } }, { id: '2', status: 204 });
    expect(partsOf(await send(one))).toEqual([
      {
        id: '1',
        status: 200,
        headers: { 'Content-Type': 'application/json', ETag: 'W/"1"' },
        body: { a: 1 },
      },
      { id: '2', status: 204, headers: {} },
    ]);
  });

  it('has its parts in the order of the requests, however Graph orders them', async () => {
    respondWithParts({ id: '2', status: 204 }, { id: '3', status: 200, body: {} }, { id: '1', status: 200 });
    const answer = await send(batch(get('c', '/me'), get('a', '/me'), get('b', '/me')));
    expect(partsOf(answer).map(({ id, status }) => [id, status])).toEqual([
      ['c', 200],
      ['a', 204],
      ['b', 200],
    ]);
    expect(answeredParts(answer)).toBeUndefined();
  });

  it('keeps every byte of a body', async () => {
    const body = '{"n":12345678901234567890,"d":0.10000000000000000000001,"e":1E5 , "s":"ä€😀\\u00e9"}';
    respondWithText(`\ufeff{"responses":[{"id":"1","status":200,"body":${body}},{"id":"2","status":200}]}`);
    expect((await send(one)).body).toContain(`"body":${body}}`);
  });

  it('has a 502 in place of a missing part, whose effect is not known', async () => {
    respondWithParts({ id: '2', status: 200 });
    const answer = await send(one);
    expect(answeredParts(answer)).toBe('0');
    expect(partsOf(answer)).toMatchObject([
      {
        id: '1',
        status: 502,
        body: { code: 'upstream_answer_refused', detail: expect.stringContaining('may have taken effect') },
      },
      { id: '2', status: 200 },
    ]);
  });

  it.each([301, 302, 307, 199, 600, 999])(
    'has a 502 in place of a part with status %s',
    { tags: ['PX-11'] },
    async (status) => {
      respondWithParts(
        { id: '1', status, headers: { Location: 'https://evil.example/' } },
        { id: '2', status: 200 },
      );
      const answer = await send(one);
      expect(partsOf(answer)).toMatchObject([
        { id: '1', status: 502 },
        { id: '2', status: 200 },
      ]);
      expect(answer.body).not.toContain('evil');
    },
  );

  const responses = (...parts: unknown[]) => JSON.stringify({ responses: parts });
  it.each<[string, string]>([
    ['nothing', ''],
    ['HTML', '<html>'],
    ['half of the JSON', '{"responses":['],
    ['no list of responses', '{"responses":{}}'],
    ['another object', '{"value":[]}'],
    ['an id twice', responses({ id: '1', status: 200 }, { id: '1', status: 200 })],
    ['an id that was not sent', responses({ id: '3', status: 200 })],
    ['no status', responses({ id: '1' })],
    ['an odd status', responses({ id: '1', status: '200' })],
    ['a status twice', '{"responses":[{"id":"1","status":200,"status":500}]}'],
    ['endless nesting', '[{"responses":'.repeat(4000)],
    ['deep nesting in a body', `{"responses":[{"id":"1","status":200,"body":${'['.repeat(30_000)}`],
  ])('is refused if it has %s, and the next batch works', { tags: ['DO-3'] }, async (_what, text) => {
    respondWithText(text);
    expect(problemOf(await send(one)).slice(0, 2)).toEqual([502, 'upstream_answer_refused']);
    world.graph.respondWith(undefined);
    expect((await send(one)).status).toBe(200);
  });

  it.each<[string, Respond, number]>([
    [
      'a refusal',
      (_request, response) =>
        void response
          .writeHead(400, { 'content-type': 'application/json' })
          .end('{"error":{"code":"BadRequest"}}'),
      400,
    ],
    [
      'a 429 for the whole batch',
      (_request, response) => void response.writeHead(429, { 'retry-after': '7' }).end(),
      429,
    ],
    [
      'a redirect',
      (_request, response) => void response.writeHead(302, { location: 'https://evil.example/' }).end(),
      502,
    ],
    ['empty', (_request, response) => void response.writeHead(204).end(), 502],
  ])('is handled like the answer to a single call if it is %s', async (_what, respond, status) => {
    world.graph.respondWith(respond);
    const answer = await send(one);
    expect(answer.status).toBe(status);
    if (status === 429) expect(answer.headers['retry-after']).toBe('7');
    // A 429 pauses the user.
    world.pass(7);
  });
});
