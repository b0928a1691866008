import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { allowAnonymous } from '../../../src/shared/access/access.ts';
import { BffError } from '../../../src/shared/errors.ts';
import { cookieNames } from '../../../src/shared/http/cookies.ts';
import {
  createEndpoint,
  type EndpointDependencies,
  type EndpointRules,
  type Handler,
} from '../../../src/shared/http/endpoint.ts';
import { createPresent } from '../../../src/shared/pages/presentation.ts';

/** No session is read for anonymous calls. */
const notCalled = () => {
  throw new Error('not to be called');
};

/** Calls a handler through an endpoint. */
async function call(
  handle: Handler<undefined>,
  monotonicMs = () => 1000,
  rules: Omit<EndpointRules<undefined>, 'access'> = { csrf: 'none' },
): Promise<HttpResponseInit> {
  const dependencies = {
    origin: 'https://app.contoso.example',
    cookieNames: cookieNames('https://app.contoso.example'),
    store: {} as EndpointDependencies['store'],
    logout: {} as EndpointDependencies['logout'],
    authorization: { forCall: notCalled, wouldAllow: notCalled },
    isAllowed: notCalled,
    extendSession: notCalled,
    rateLimits: { countForAddress: notCalled, countForSession: notCalled, waitForAddress: notCalled },
    readClientAddress: notCalled,
    present: createPresent(),
    monotonicMs,
  };
  const handler = createEndpoint(dependencies)({ access: allowAnonymous, ...rules }, handle);
  const response = await handler(
    new HttpRequest({ method: 'GET', url: 'https://app.contoso.example/api/mine' }),
    new InvocationContext({ invocationId: 'i1', functionName: 'mine', options: {} }),
  );
  return Object(response);
}

/** The signal of a call whose handler uses it after this time. */
async function signalAfter(elapsedMs: number): Promise<AbortSignal> {
  let nowMs = 1000;
  let signal: AbortSignal | undefined;
  const response = await call(
    (_request, context) => {
      nowMs += elapsedMs;
      signal = context.signal;
      expect(context.signal).toBe(signal);
      return { status: 204 };
    },
    () => nowMs,
  );
  expect(response).toMatchObject({ status: 204 });
  if (signal === undefined) throw new Error('the handler was not called');
  return signal;
}

describe('the signal of a call', () => {
  it('aborts 220 seconds after the call arrived', async () => {
    const signal = await signalAfter(219_990);
    expect(signal.aborted).toBe(false);
    await expect.poll(() => signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('can be used although the clock of a worker has fractions of a millisecond', async () => {
    expect((await signalAfter(1.53)).aborted).toBe(false);
  });

  it('does not abort before', async () => {
    const signal = await signalAfter(100_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(signal.aborted).toBe(false);
  });
});

describe('an error that cannot be reported', () => {
  const circular: Record<string, unknown> = {};
  circular['itself'] = circular;

  // Functions in JavaScript are not checked by the compiler.
  it.each<[string, unknown]>([
    ['a member without JSON', new BffError('not_found', Object({ extensions: circular }))],
    ['a member with another type', new BffError('not_found', Object({ rules: 5 }))],
    ['a header with a line break', new BffError('not_found', { clientRequestId: 'a\r\nset-cookie: b=c' })],
    ['no members', Object.create(BffError.prototype)],
    ['a revoked proxy', revokedProxy()],
  ])('is an internal error and not a fault of the request: %s', { tags: ['ER-1'] }, async (_case, error) => {
    const { status, headers, body } = await call(() => {
      throw error;
    });
    expect([status, JSON.parse(String(body))['code']]).toEqual([500, 'internal_error']);
    expect(headers).not.toHaveProperty('client-request-id');
  });
});

describe('refuses', () => {
  it('a call without the CSRF header, even if a polluted prototype has other rules', {
    tags: ['CS-1'],
  }, async () => {
    const pollution = { csrf: 'none', acceptsForm: true, methods: ['POST'] };
    for (const [name, value] of Object.entries(pollution)) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: false });
    }
    try {
      const { status, body } = await call(() => ({ status: 204 }), undefined, {});
      expect([status, JSON.parse(String(body))['code']]).toEqual([403, 'cross_site_request']);
    } finally {
      for (const name of Object.keys(pollution)) Reflect.deleteProperty(Object.prototype, name);
    }
  });
});

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
