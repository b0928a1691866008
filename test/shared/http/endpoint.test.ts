import { HttpRequest, InvocationContext } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { allowAnonymous } from '../../../src/shared/access/access.ts';
import { cookieNames } from '../../../src/shared/http/cookies.ts';
import { createEndpoint, type EndpointDependencies } from '../../../src/shared/http/endpoint.ts';

/** No session is read for anonymous calls. */
const notCalled = () => {
  throw new Error('not to be called');
};

/** The signal of a call whose handler uses it after this time. */
async function signalAfter(elapsedMs: number): Promise<AbortSignal> {
  let nowMs = 1000;
  const dependencies = {
    origin: 'https://app.contoso.example',
    cookieNames: cookieNames('https://app.contoso.example'),
    store: {} as EndpointDependencies['store'],
    logout: {} as EndpointDependencies['logout'],
    authorization: { forCall: notCalled, wouldAllow: notCalled },
    isAllowed: notCalled,
    extendSession: notCalled,
    monotonicMs: () => nowMs,
  };
  let signal: AbortSignal | undefined;
  const handler = createEndpoint(dependencies)(
    { access: allowAnonymous, csrf: 'none' },
    (_request, context) => {
      nowMs += elapsedMs;
      signal = context.signal;
      expect(context.signal).toBe(signal);
      return { status: 204 };
    },
  );
  const answer = await handler(
    new HttpRequest({ method: 'GET', url: 'https://app.contoso.example/api/mine' }),
    new InvocationContext({ invocationId: 'i1', functionName: 'mine', options: {} }),
  );
  expect(answer).toMatchObject({ status: 204 });
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
