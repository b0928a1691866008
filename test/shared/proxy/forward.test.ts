import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import {
  HttpFailure,
  type HttpRequest,
  type HttpResponse,
} from '../../../src/shared/network/http-request.ts';
import { type CustomApiDependencies, createCustomApi } from '../../../src/shared/proxy/custom-api.ts';
import { createMemoryBudget } from '../../../src/shared/proxy/memory-budget.ts';
import { toCaller } from '../../../src/shared/session/caller.ts';
import type { AcquireAccessToken } from '../../../src/shared/tokens/access-token.ts';
import { apiDependencies, apiRequest, openApiPolicy } from '../../support/api-calls.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const now = new Date('2026-08-01T12:00:00Z');
const callerOf = (user: string) => toCaller(openedSession(sessionContent(), { user, now }));
const alice = callerOf('alice');
const isAlice = ({ locator }: { locator: { userHash: Buffer } }) =>
  locator.userHash.toString().trim() === 'alice';

const ok: HttpResponse = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{}'),
};
const challenge: HttpResponse = {
  status: 401,
  headers: {
    'www-authenticate': `Bearer error="insufficient_claims", claims="${Buffer.from('{"access_token":{}}').toString('base64')}"`,
  },
  body: Buffer.alloc(0),
};

const get = apiRequest('GET');
const post = apiRequest('POST');

/** An API whose answers a function returns, with a clock that only the test moves. */
function startApi(
  sendHttp: CustomApiDependencies['sendHttp'],
  {
    acquireAccessToken,
    repeatsRefusedWrites = true,
    ...options
  }: Partial<CustomApiDependencies> & {
    acquireAccessToken?: AcquireAccessToken;
    repeatsRefusedWrites?: boolean;
  } = {},
) {
  const clock = { ms: 0 };
  const logged: string[] = [];
  const api = createCustomApi(
    {
      name: 'orders',
      origin: 'https://upstream.example',
      requestIdCheck: 'ignore',
      ownPrefix: 'https://app.example/api/orders',
      policy: openApiPolicy({ repeatsRefusedWrites }),
    },
    { ...apiDependencies(sendHttp, now, acquireAccessToken), monotonicMs: () => clock.ms, ...options },
  );
  return {
    clock,
    logged,
    call: (request = get, caller = alice) =>
      api.call(caller, request, (_level, { event }) => logged.push(event)),
  };
}

async function problemOf(answer: Promise<unknown>): Promise<BffError> {
  const error: unknown = await answer.then(
    () => 'an answer',
    (thrown: unknown) => thrown,
  );
  if (error instanceof BffError) return error;
  throw new Error(`no problem but ${String(error)}`);
}

/** A request that waits until it is released. */
function createGate() {
  const waiting: (() => void)[] = [];
  return {
    waiting,
    pass: () => new Promise<void>((resolve) => waiting.push(resolve)),
    open: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

describe('a call beyond the limits', () => {
  it('is refused while 64 calls of the user wait for a token, and other users are served', {
    tags: ['DO-3'],
  }, async () => {
    const gate = createGate();
    const sent: HttpRequest[] = [];
    const { call } = startApi(
      async (request) => {
        sent.push(request);
        return ok;
      },
      {
        async acquireAccessToken(session) {
          if (isAlice(session)) await gate.pass();
          return { kind: 'token', accessToken: 'token', expiresAt: now, session };
        },
      },
    );
    const waiting = Array.from({ length: 64 }, () => call());
    expect(await problemOf(call())).toMatchObject({
      code: 'rate_limited',
      status: 429,
      rules: ['calls-of-user'],
      retryAfterSeconds: 1,
    });
    expect((await call(get, callerOf('bob'))).status).toBe(200);
    expect(sent).toHaveLength(1);
    gate.open();
    await Promise.all(waiting);
    const again = call();
    await expect.poll(() => gate.waiting.length).toBe(1);
    gate.open();
    expect((await again).status).toBe(200);
  });

  it('is served after earlier calls have failed in any way', { tags: ['DO-3'] }, async () => {
    const failures: CustomApiDependencies['sendHttp'][] = [
      async () => {
        throw new HttpFailure('timeout');
      },
      async () => {
        throw new TypeError('a fault of ours');
      },
      async () => challenge,
      async () => ({ ...ok, status: 302 }),
    ];
    for (const sendHttp of failures) {
      let isFailing = true;
      const { call } = startApi((request) => (isFailing ? sendHttp(request) : Promise.resolve(ok)));
      for (let at = 0; at < 65; at++) await expect(call()).rejects.toThrow();
      isFailing = false;
      expect((await call()).status).toBe(200);
    }
    let hasToken = false;
    const { call } = startApi(async () => ok, {
      async acquireAccessToken(session) {
        if (!hasToken) throw new BffError('sign_in_service_unavailable');
        return { kind: 'token', accessToken: 'token', expiresAt: now, session };
      },
    });
    for (let at = 0; at < 65; at++) await expect(call()).rejects.toThrow('sign_in_service_unavailable');
    hasToken = true;
    expect((await call()).status).toBe(200);
  });

  it('can use the memory that a failed call had acquired', { tags: ['DO-4'] }, async () => {
    const memoryBudget = createMemoryBudget(1000);
    let isFailing = true;
    const { call } = startApi(
      async ({ reserveBytes }) => {
        await reserveBytes?.(1000, 0);
        if (isFailing) throw new HttpFailure('broken');
        return ok;
      },
      { memoryBudget },
    );
    await problemOf(call());
    isFailing = false;
    expect((await call()).status).toBe(200);
    expect((await call()).status).toBe(200);
  });
});

describe('a call that is repeated with a new token', () => {
  it('releases the memory of the refusal before it acquires more', { tags: ['DO-3'] }, async () => {
    const answers = [challenge, ok];
    const { call } = startApi(
      async ({ reserveBytes }) => {
        await reserveBytes?.(600, 0);
        return answers.shift() ?? ok;
      },
      { memoryBudget: createMemoryBudget(1000) },
    );
    expect((await call()).status).toBe(200);
  });
});

describe('a write whose token is refused with a claims challenge', () => {
  it.each([
    ['is repeated if the policy has repeatsRefusedWrites', true, post, 2],
    ['is not repeated otherwise, and the user decides', false, post, 1],
    ['is repeated always if it is a read', false, get, 2],
  ] as const)('%s', { tags: ['PX-15', 'PX-18'] }, async (_what, repeatsRefusedWrites, call, times) => {
    const sent: HttpRequest[] = [];
    const started = startApi(
      async (request) => {
        sent.push(request);
        return sent.length === 1 ? challenge : ok;
      },
      { repeatsRefusedWrites },
    );
    const answer = started.call(call);
    if (times === 2) expect((await answer).status).toBe(200);
    else expect((await problemOf(answer)).code).toBe('interaction_required');
    expect(sent).toHaveLength(times);
  });
});

describe('a request whose connection fails', () => {
  const fails = (times: number, failure: HttpFailure) => {
    const sent: HttpRequest[] = [];
    const sendHttp = async (request: HttpRequest) => {
      sent.push(request);
      if (sent.length <= times) throw failure;
      return ok;
    };
    return { sent, sendHttp };
  };
  const silent = () => new HttpFailure('unreachable', { noBytesReceived: true });

  it('before any bytes were received is repeated once as a read, in the remaining time', {
    tags: ['G2'],
  }, async () => {
    for (const method of ['GET', 'HEAD']) {
      const { sent, sendHttp } = fails(1, silent());
      const { call, clock, logged } = startApi((request) => {
        clock.ms += 1_000;
        return sendHttp(request);
      });
      expect((await call(apiRequest(method))).status).toBe(200);
      expect(sent.map(({ deadlineMs }) => deadlineMs)).toEqual([30_000, 29_000]);
      expect(sent[1]?.headers).toEqual(sent[0]?.headers);
      expect(logged).toEqual(['upstream-called-again']);
    }
  });

  it('or returns a mismatched response is repeated once as a read, on a new connection', {
    tags: ['PX-17'],
  }, async () => {
    const { sent, sendHttp } = fails(1, new HttpFailure('mismatched'));
    expect((await startApi(sendHttp).call()).status).toBe(200);
    expect(sent.map(({ isOnNewConnection }) => isOnNewConnection ?? false)).toEqual([false, true]);
    const twice = fails(2, new HttpFailure('mismatched'));
    expect(await problemOf(startApi(twice.sendHttp).call())).toMatchObject({
      code: 'upstream_answer_refused',
      status: 502,
    });
    expect(twice.sent).toHaveLength(2);
    const written = fails(1, new HttpFailure('mismatched'));
    const { detail } = await problemOf(startApi(written.sendHttp).call(post));
    expect(detail).toContain('The call may have taken effect.');
    expect(written.sent).toHaveLength(1);
  });

  it('uses the connections of its session', { tags: ['PX-17'] }, async () => {
    const sent: HttpRequest[] = [];
    const { call } = startApi(async (request) => {
      sent.push(request);
      return ok;
    });
    await call();
    await call();
    await call(get, callerOf('bob'));
    const [first, second, other] = sent.map(({ borrower }) => borrower);
    expect(first).toEqual(second);
    expect(first).not.toEqual(other);
  });

  it('a second time is not repeated again', { tags: ['G2'] }, async () => {
    const { sent, sendHttp } = fails(2, silent());
    const { code, clientRequestId } = await problemOf(startApi(sendHttp).call());
    expect([code, clientRequestId, sent.length]).toEqual(['upstream_unreachable', 'call-1', 2]);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'is not repeated as a %s',
    { tags: ['G2', 'G3'] },
    async (method) => {
      const { sent, sendHttp } = fails(1, silent());
      const { code, detail, clientRequestId } = await problemOf(startApi(sendHttp).call(apiRequest(method)));
      expect([code, clientRequestId, sent.length]).toEqual(['upstream_unreachable', 'call-1', 1]);
      expect(detail).toBe('No response arrived. The call may have taken effect.');
    },
  );

  it.each([
    ['after bytes were received', new HttpFailure('unreachable', { noBytesReceived: false })],
    ['in the middle of the answer', new HttpFailure('broken')],
    ['by a timeout', new HttpFailure('timeout', { noBytesReceived: true })],
    ['because the answer is too large', new HttpFailure('too-large')],
  ])('%s is not repeated', { tags: ['PX-18'] }, async (_when, failure) => {
    const { sent, sendHttp } = fails(1, failure);
    await problemOf(startApi(sendHttp).call());
    expect(sent).toHaveLength(1);
  });

  it.each(['GET', 'POST'])(
    'because all are in use is a %s that was not sent and may be repeated',
    { tags: ['PX-18'] },
    async (method) => {
      const { sent, sendHttp } = fails(1, new HttpFailure('no-connection', { noBytesReceived: true }));
      const { call } = startApi(sendHttp);
      const problem = await problemOf(call(apiRequest(method)));
      expect(problem).toMatchObject({
        code: 'rate_limited',
        rules: ['calls-of-worker'],
        retryAfterSeconds: 1,
      });
      expect(problem.detail).toContain('The call had no effect.');
      expect(problem.detail).not.toContain('may have taken effect');
      expect(sent).toHaveLength(1);
    },
  );

  it.each([429, 500, 502, 503, 504])(
    'is not assumed for an answer with %i, which is passed on',
    { tags: ['G1'] },
    async (status) => {
      const sent: HttpRequest[] = [];
      const { call } = startApi(async (request) => {
        sent.push(request);
        return { ...ok, status };
      });
      expect((await call()).status).toBe(status);
      // Another user, because a 429 pauses the first one.
      expect((await call(post, callerOf('bob'))).status).toBe(status);
      expect(sent).toHaveLength(2);
    },
  );
});

describe('an answer to a write that cannot be passed on', () => {
  it.each<[string, Partial<HttpResponse>]>([
    ['a redirect', { status: 302 }],
    ['an odd status', { status: 999 }],
    ['compressed', { headers: { 'content-encoding': 'gzip' } }],
  ])(
    'is reported as a call that may have taken effect, with its request id: %s',
    { tags: ['G3'] },
    async (_what, answer) => {
      const problem = await problemOf(startApi(async () => ({ ...ok, ...answer })).call(post));
      expect(problem).toMatchObject({ code: 'upstream_answer_refused', clientRequestId: 'call-1' });
      expect(problem.detail).toContain('The call may have taken effect.');
    },
  );
});

describe('the time of a whole call', () => {
  it('ends before the platform limit of 230 seconds, even if the token took long', {
    tags: ['PX-18'],
  }, async () => {
    const sent: HttpRequest[] = [];
    const { call, clock } = startApi(
      async (request) => {
        sent.push(request);
        return ok;
      },
      {
        timeoutMs: 200_000,
        async acquireAccessToken(session) {
          clock.ms += 39_000;
          return { kind: 'token', accessToken: 'token', expiresAt: now, session };
        },
      },
    );
    await call();
    expect(sent[0]?.deadlineMs).toBe(181_000);
  });

  it('is measured from the start of the invocation, including guards and the request body', {
    tags: ['PX-18'],
  }, async () => {
    const sent: HttpRequest[] = [];
    const { call, clock } = startApi(
      async (request) => {
        sent.push(request);
        return ok;
      },
      { timeoutMs: 200_000 },
    );
    clock.ms = 45_000;
    await call();
    expect(sent.map(({ deadlineMs }) => deadlineMs)).toEqual([175_000]);
    clock.ms = 220_000;
    const { code, detail } = await problemOf(call(post));
    expect([code, detail]).toEqual(['upstream_timeout', 'No time is left for the call. Nothing was sent.']);
    expect(sent).toHaveLength(1);
  });

  it('ends in a timeout without a repetition if a claims challenge arrives too late', {
    tags: ['PX-15', 'PX-18'],
  }, async () => {
    const sent: HttpRequest[] = [];
    const { call, clock } = startApi(
      async (request) => {
        sent.push(request);
        clock.ms += 199_000;
        return challenge;
      },
      { timeoutMs: 200_000 },
    );
    expect((await problemOf(call())).code).toBe('upstream_timeout');
    expect(sent).toHaveLength(1);
  });
});

describe('Retry-After', () => {
  it.each<[number, string | undefined, string | undefined]>([
    [429, '7', '7'],
    [429, '0.4', '1'],
    [429, '2.5', '3'],
    [429, 'Sat, 01 Aug 2026 12:00:20 GMT', '20'],
    [429, 'Sat, 01 Aug 2026 11:00:00 GMT', '1'],
    [429, '0', '1'],
    [429, undefined, '5'],
    [429, 'later', '5'],
    [429, '99999999', '3600'],
    [503, undefined, '5'],
    [503, '120', '120'],
    [202, '1.5', '2'],
    [202, 'later', undefined],
    [200, undefined, undefined],
  ])('of a %i with the value %j becomes %j', { tags: ['G1'] }, async (status, sent, expected) => {
    const headers = sent === undefined ? {} : { 'retry-after': sent };
    const answer = await startApi(async () => ({ ...ok, status, headers })).call();
    expect(answer.headers['retry-after']).toBe(expected);
  });
});
