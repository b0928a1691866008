import { Client, type Context, type Middleware } from '@microsoft/microsoft-graph-client';
import { describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import { CountedRequests } from '../../../src/shared/graph/counted-requests.ts';
import { HiddenFailures } from '../../../src/shared/graph/hidden-failures.ts';
import { createCountCall } from '../../../src/shared/proxy/counted-call.ts';
import { createCallLimits } from '../../../src/shared/proxy/limiter.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const MIB = 1024 * 1024;
const now = new Date('2026-08-01T12:00:00Z');
const sessionOf = (user: string) => openedSession(sessionContent(), { user, now });

/** Clients of Microsoft's library that share the limits of one worker; what they send waits until it is let go. */
function startClients() {
  const countCall = createCountCall(createCallLimits());
  const waiting: (() => void)[] = [];
  const upstream: Middleware = {
    execute: (context: Context) =>
      new Promise<void>((resolve) => {
        waiting.push(() => {
          context.response = Response.json({ id: 'one' });
          resolve();
        });
      }),
  };
  return {
    waiting,
    answerAll: () => {
      for (const answer of waiting.splice(0)) answer();
    },
    clientOf(name: string) {
      const failures = new HiddenFailures();
      const counted = new CountedRequests(sessionOf(name), countCall, upstream, failures);
      const client = Client.initWithMiddleware({ middleware: counted, defaultVersion: 'v1.0' });
      return {
        client,
        failureOf: async (answer: Promise<unknown>) =>
          failures.behind(await answer.catch((error: unknown) => error)),
      };
    },
  };
}

describe('requests of a composed call', () => {
  it('count as calls of their user: 64 are under way, the next is refused and others are served', {
    tags: ['DO-3'],
  }, async () => {
    const { waiting, answerAll, clientOf } = startClients();
    const { client, failureOf } = clientOf('alice');
    const sent = Array.from({ length: 64 }, () => client.api('/me').get());
    await expect.poll(() => waiting.length).toBe(64);
    const failure = await failureOf(client.api('/me').get());
    expect(failure).toBeInstanceOf(BffError);
    expect(failure).toMatchObject({ code: 'rate_limited', rules: ['calls-of-user'] });
    const others = clientOf('ben').client.api('/me').get();
    await expect.poll(() => waiting.length).toBe(65);
    answerAll();
    await Promise.all([...sent, others]);
    const again = client.api('/me').get();
    await expect.poll(() => waiting.length).toBe(1);
    answerAll();
    expect(await again).toEqual({ id: 'one' });
  });

  it('count with their bodies, which stay in memory until they are answered', {
    tags: ['DO-3'],
  }, async () => {
    const { waiting, answerAll, clientOf } = startClients();
    const { client, failureOf } = clientOf('alice');
    const put = (body: unknown) => client.api('/me/photo/$value').put(body);
    const sent = [put(new Uint8Array(40 * MIB)), put('a'.repeat(20 * MIB))];
    await expect.poll(() => waiting.length).toBe(2);
    expect(await failureOf(put(new Blob([new Uint8Array(5 * MIB)])))).toMatchObject({ code: 'rate_limited' });
    answerAll();
    await Promise.all(sent);
  });
});
