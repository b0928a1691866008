import { beforeEach, describe, expect, it, vi } from 'vitest';
import { BffError, HeldBackError } from '../../../src/shared/errors.ts';
import {
  HttpFailure,
  type HttpRequest,
  type HttpResponse,
} from '../../../src/shared/network/http-request.ts';
import { parseCustomApiPolicy } from '../../../src/shared/policy/custom-api.ts';
import { createCustomApi } from '../../../src/shared/proxy/custom-api.ts';
import { toCaller } from '../../../src/shared/session/caller.ts';
import { apiDependencies, apiRequest } from '../../support/api-calls.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const now = new Date('2026-08-01T12:00:00Z');
const names = ['alice', 'ben', 'mia', 'zoe'] as const;
const callers = new Map(
  names.map((user) => [user as string, toCaller(openedSession(sessionContent(), { user, now }))]),
);

/** `too slow`: nothing arrives until the deadline. `begun`: only a part arrives until the deadline. */
type Answer =
  | 'too slow'
  | 'begun'
  | number
  | HttpFailure
  | { readonly status: number; readonly retryAfter: string };

/** By path: what the API does with a call. A function may decide by the user. */
let answers: Record<string, Answer | ((user: string) => Answer)>;
let sent: string[];
let ms: number;
let extensions: number;
let api: ReturnType<typeof createCustomApi>;

beforeEach(() => {
  answers = {};
  sent = [];
  extensions = 0;
  ms = 0;
  const rule = (path: string) => ({ methods: ['GET', 'POST'], path, scopes: ['Orders.Read'] });
  const reading = parseCustomApiPolicy(
    {
      features: {
        orders: { title: 'Orders', rules: [rule('/orders')] },
        files: { title: 'Files', rules: [rule('/files')] },
      },
    },
    'api://orders',
  );
  if (reading.kind === 'invalid') throw new Error(reading.issues.join());
  const dependencies = apiDependencies(send, now, async (session) => ({
    kind: 'token',
    accessToken: session.locator.userHash.toString().trim(),
    expiresAt: now,
    session,
  }));
  api = createCustomApi(
    {
      name: 'orders',
      origin: 'https://upstream.example',
      requestIdCheck: 'ignore',
      ownPrefix: 'https://app.example/api/orders',
      policy: reading.policy,
    },
    {
      ...dependencies,
      timeoutMs: 10_000,
      monotonicMs: () => ms,
      async extendSession(caller) {
        extensions++;
        return caller;
      },
    },
  );
});

async function send({ method, path, headers, deadlineMs }: HttpRequest): Promise<HttpResponse> {
  const user = headers['authorization']?.slice('Bearer '.length) ?? '';
  sent.push(`${user} ${method} ${path}`);
  const found = answers[path] ?? 200;
  const answer = typeof found === 'function' ? found(user) : found;
  if (answer === 'too slow' || answer === 'begun') {
    ms += deadlineMs;
    throw new HttpFailure('timeout', { noBytesReceived: answer === 'too slow' });
  }
  if (answer instanceof HttpFailure) throw answer;
  const { status, retryAfter } =
    typeof answer === 'number' ? { status: answer, retryAfter: undefined } : answer;
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    },
    body: Buffer.from('{}'),
  };
}

/** The status of the API's response, or the code of the problem. */
async function call(
  user: string,
  path = '/orders',
  method = 'GET',
  startedMs = ms,
): Promise<number | string> {
  const caller = callers.get(user);
  if (caller === undefined) throw new Error(user);
  const request = {
    ...apiRequest(method, { startedMs }),
    path,
    routeParameter: path.slice(1),
  };
  try {
    return (await api.call(caller, request, () => undefined)).status;
  } catch (error) {
    if (!(error instanceof BffError)) throw error;
    return error.code;
  }
}
async function problemOf(user: string, path = '/orders'): Promise<BffError> {
  const caller = callers.get(user);
  if (caller === undefined) throw new Error(user);
  const request = { ...apiRequest('GET', { startedMs: ms }), path, routeParameter: path.slice(1) };
  const error: unknown = await api.call(caller, request, () => undefined).catch((thrown: unknown) => thrown);
  if (error instanceof BffError) return error;
  throw new Error('no problem');
}
const everyone = (path?: string, method?: string) =>
  Promise.all(names.map((user) => call(user, path, method)));
/** Ends every pause. */
const wait = () => {
  ms += 5_000;
};
const failures: [string, () => Answer][] = [
  ['503', () => 503],
  ['504', () => 504],
  ['no connection', () => new HttpFailure('unreachable', { noBytesReceived: true })],
  ['a timeout', () => new HttpFailure('timeout', { noBytesReceived: true })],
  ['a response that stops', () => new HttpFailure('timeout')],
];

describe('an API that is down for all', () => {
  it.each(failures)('is asked by one probe at a time: %s', async (_what, failure) => {
    answers['/orders'] = failure();
    for (const user of names.slice(0, 3)) await call(user);
    sent.length = 0;
    for (let round = 0; round < 3; round++)
      expect(await everyone()).toEqual(Array(4).fill('upstream_unavailable'));
    expect(sent).toEqual([]);
    const { status, retryAfterSeconds, detail } = await problemOf('zoe');
    expect([status, detail]).toEqual([503, expect.stringContaining('Nothing was sent.')]);
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(4);
    expect(retryAfterSeconds).toBeLessThanOrEqual(5);
    wait();
    // All at once: one of them is sent, and once, although a failed connection of a GET would be repeated otherwise.
    expect((await everyone()).filter((outcome) => outcome === 'upstream_unavailable')).toHaveLength(3);
    expect(sent).toHaveLength(1);
    answers['/orders'] = 200;
    expect(await call('zoe')).toBe(200);
    expect(await everyone()).toEqual([200, 200, 200, 200]);
  });

  it('does not extend the session with a call that is held back', async () => {
    answers['/orders'] = 503;
    for (const user of names.slice(0, 3)) await call(user);
    extensions = 0;
    await everyone();
    expect(extensions).toBe(0);
  });

  it('heals if only writes are made, and repeats none of them', async () => {
    answers['/orders'] = new HttpFailure('unreachable', { noBytesReceived: true });
    for (const user of names.slice(0, 3))
      expect(await call(user, '/orders', 'POST')).toBe('upstream_unreachable');
    expect(sent).toHaveLength(3);
    for (let round = 0; round < 4; round++) {
      wait();
      sent.length = 0;
      expect(await call('zoe', '/orders', 'POST')).toBe('upstream_unreachable');
      expect(await call('zoe', '/orders', 'POST')).toBe('upstream_unavailable');
      expect(sent).toEqual(['zoe POST /orders']);
    }
    answers['/orders'] = 201;
    wait();
    expect(await everyone('/orders', 'POST')).toContain(201);
    expect(await everyone('/orders', 'POST')).toEqual([201, 201, 201, 201]);
  });
});

describe('a feature that is down', () => {
  it('holds back no other feature', async () => {
    answers['/files'] = 503;
    await everyone('/files');
    expect(await everyone('/files')).toEqual(Array(4).fill('upstream_unavailable'));
    expect(await everyone('/orders')).toEqual([200, 200, 200, 200]);
  });

  it('is not opened or closed by errors of single calls', async () => {
    answers['/orders'] = 500;
    for (let round = 0; round < 5; round++) expect(await everyone()).toEqual([500, 500, 500, 500]);
    answers['/orders'] = 503;
    for (const user of names.slice(0, 3)) await call(user);
    wait();
    answers['/orders'] = 500;
    expect(await call('alice')).toBe(500);
    expect(await call('alice')).toBe('upstream_unavailable');
    answers['/orders'] = 404;
    expect(await call('ben')).toBe(404);
    expect(await call('alice')).toBe(404);
  });
});

describe('a timeout', () => {
  const firstThree = names.slice(0, 3);

  it('counts if the API had the whole time', async () => {
    answers['/orders'] = 'too slow';
    for (const user of firstThree) expect(await call(user)).toBe('upstream_timeout');
    expect(await call('zoe')).toBe('upstream_unavailable');
  });

  it.each<[string, Answer, number]>([
    ['spent its time before it was sent', 'too slow', 219_000],
    ['may have waited for memory', 'begun', 0],
  ])('of a call that %s shows nothing about the API', async (_what, answer, spentMs) => {
    answers['/orders'] = answer;
    for (const user of firstThree)
      expect(await call(user, '/orders', 'GET', ms - spentMs)).toBe('upstream_timeout');
    answers['/orders'] = 200;
    expect(await call('zoe')).toBe(200);
  });
});

describe('the log of the worker', () => {
  it('has one line a minute for each kind of failure, and for the calls that are held back', async () => {
    using console = vi.spyOn(globalThis.console, 'warn').mockReturnValue();
    const takeLines = () => console.mock.calls.splice(0).map(([line]) => JSON.parse(String(line)));
    answers['/orders'] = 503;
    answers['/files'] = new HttpFailure('timeout', { noBytesReceived: true });
    for (let round = 0; round < 5; round++) {
      await everyone('/orders');
      await everyone('/files');
    }
    const errors = { event: 'upstream-errors', upstream: 'orders' };
    const held = { event: 'upstream-calls-held-back', upstream: 'orders' };
    const lines = [
      { ...errors, status: 503 },
      { ...held, feature: 'orders' },
      { ...errors, failure: 'timeout' },
      { ...held, feature: 'files' },
    ];
    const byEvent = expect.arrayContaining(lines.map((line) => ({ ...line, count: 1 })));
    const logged = takeLines();
    expect(logged).toHaveLength(lines.length);
    expect(logged).toEqual(byEvent);
    ms += 60_000;
    answers = {};
    await everyone('/orders');
    const later = takeLines();
    // Each feature: 20 calls of four users. All of the first four may be sent before the third has failed.
    for (const line of lines) expect(later).toContainEqual({ ...line, count: expect.any(Number) });
    expect(later.reduce((sum, { count }) => sum + count, 0)).toBe(2 * 20 - 4);
  });
});

describe('one user', () => {
  const forAlice = (answer: Answer) => (user: string) => (user === 'alice' ? answer : 200);

  it.each(failures)('whose calls fail holds back no other user: %s', async (_what, failure) => {
    answers['/orders'] = forAlice(failure());
    for (let round = 0; round < 20; round++) {
      await call('alice');
      for (const user of names.slice(1)) expect(await call(user)).toBe(200);
    }
    for (let count = 0; count < 20; count++) expect(await call('alice')).not.toBe('upstream_unavailable');
    expect(await call('ben')).toBe(200);
  });

  it('who is throttled waits for the rest of Retry-After, in this feature only', async () => {
    answers['/orders'] = forAlice({ status: 429, retryAfter: '20' });
    expect(await call('alice')).toBe(429);
    sent.length = 0;
    ms += 5_500;
    expect(await problemOf('alice')).toMatchObject({
      code: 'rate_limited',
      status: 429,
      rules: ['throttled-by-api'],
      retryAfterSeconds: 15,
    });
    expect(sent).toEqual([]);
    expect(await call('alice', '/files')).toBe(200);
    for (const user of names.slice(1)) expect(await call(user)).toBe(200);
    ms += 14_500;
    expect(await call('alice')).toBe(429);
  });

  it('who is throttled for several times waits for the longest, and leaves one record', async () => {
    const times = ['20', '5'];
    answers['/orders'] = () => ({ status: 429, retryAfter: times.shift() ?? '' });
    expect(await Promise.all([call('alice'), call('alice')])).toEqual([429, 429]);
    const problems = [await problemOf('alice'), await problemOf('alice'), await problemOf('alice')];
    expect(problems.map(({ retryAfterSeconds }) => retryAfterSeconds)).toEqual([20, 20, 20]);
    expect(problems.map((problem) => problem instanceof HeldBackError && problem.isRecorded)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('who is throttled for an hour asks again after a minute', async () => {
    answers['/orders'] = forAlice({ status: 429, retryAfter: '3600' });
    await call('alice');
    expect((await problemOf('alice')).retryAfterSeconds).toBe(60);
    ms += 60_000;
    expect(await call('alice')).toBe(429);
  });

  it('who is throttled does not keep the breaker open for others', async () => {
    answers['/orders'] = 503;
    for (const user of names.slice(0, 3)) await call(user);
    wait();
    answers['/orders'] = forAlice({ status: 429, retryAfter: '20' });
    expect(await call('alice')).toBe(429);
    expect(await call('ben')).toBe(200);
    expect(await call('mia')).toBe(200);
  });
});
