import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createBatchAttempt } from '../../../src/shared/graph/batch-attempt.ts';
import type { BatchPart } from '../../../src/shared/graph/batch-item.ts';
import { createUpstreamBreaker, type UpstreamBreaker } from '../../../src/shared/proxy/upstream-breaker.ts';
import { toCaller } from '../../../src/shared/session/caller.ts';
import { openedSession, sessionContent } from '../../support/session-content.ts';

const now = new Date('2026-08-01T12:00:00Z');
const callerOf = (user: string) => toCaller(openedSession(sessionContent(), { user, now }));
const users = ['alice', 'ben', 'mia'];

let breaker: UpstreamBreaker;
beforeEach(() => {
  breaker = createUpstreamBreaker({ upstream: 'graph', now: () => now, monotonicMs: () => 0 });
});

/** Only the feature of the call matters. */
const part = (id: string, feature: string) =>
  ({
    kind: 'part',
    id,
    sentId: id,
    dependsOn: [],
    text: '',
    call: { rule: { feature } },
  }) as unknown as BatchPart;
const response = (id: string, status: number, headers: Record<string, string> = {}) => ({
  id,
  status,
  headers: new Map(Object.entries(headers)),
  body: undefined,
});
/** Sends a batch whose parts get these statuses. */
function sendBatch(user: string, parts: readonly (readonly [feature: string, status: number])[]): void {
  using attempt = createBatchAttempt(callerOf(user), breaker);
  const all = parts.map(([feature], index) => part(String(index), feature));
  const sent = all.filter((item) => attempt.startPart(item) === undefined);
  attempt.recordResponse({ status: 200, headers: {} });
  const responses = sent.map(({ id }) => response(id, parts[Number(id)]?.[1] ?? 0, { 'Retry-After': '20' }));
  attempt.recordParts(responses, sent);
}
function problemsOf(user: string, ...features: string[]) {
  using attempt = createBatchAttempt(callerOf(user), breaker);
  return features.map((feature, index) => attempt.startPart(part(String(index), feature))?.code);
}

describe('a batch', () => {
  it('opens the breaker of a feature whose parts fail, and sends the parts of others', () => {
    for (const user of users)
      sendBatch(user, [
        ['mail', 503],
        ['calendar', 200],
      ]);
    expect(problemsOf('zoe', 'mail', 'calendar', 'mail')).toEqual([
      'upstream_unavailable',
      undefined,
      'upstream_unavailable',
    ]);
  });

  it('counts one success of a feature more than its failures', () => {
    for (const user of users)
      sendBatch(user, [
        ['mail', 503],
        ['mail', 200],
        ['mail', 504],
      ]);
    expect(problemsOf('zoe', 'mail')).toEqual([undefined]);
  });

  it('counts for all of its features if it fails as a whole', () => {
    for (const user of users) {
      using attempt = createBatchAttempt(callerOf(user), breaker);
      for (const feature of ['mail', 'calendar']) attempt.startPart(part('1', feature));
      if (user === 'alice') attempt.recordNoResponse('timeout');
      else attempt.recordResponse({ status: 503, headers: {} });
    }
    expect(problemsOf('zoe', 'mail', 'calendar', 'files')).toEqual([
      'upstream_unavailable',
      'upstream_unavailable',
      undefined,
    ]);
  });

  it('pauses the user for the feature of a throttled part', () => {
    sendBatch('alice', [
      ['mail', 429],
      ['calendar', 200],
    ]);
    expect(problemsOf('alice', 'mail', 'calendar')).toEqual(['rate_limited', undefined]);
    expect(problemsOf('ben', 'mail')).toEqual([undefined]);
  });

  it('does not count a part that waited for a failed one', () => {
    for (const user of users)
      sendBatch(user, [
        ['mail', 503],
        ['mail', 424],
      ]);
    expect(problemsOf('zoe', 'mail')).toEqual(['upstream_unavailable']);
  });

  it('is logged by the statuses of its parts', () => {
    using console = vi.spyOn(globalThis.console, 'warn').mockReturnValue();
    sendBatch('alice', [
      ['mail', 503],
      ['calendar', 429],
      ['files', 404],
    ]);
    expect(console.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
      { event: 'upstream-errors', upstream: 'graph', status: 503, count: 1 },
      { event: 'upstream-errors', upstream: 'graph', status: 429, count: 1 },
    ]);
  });
});
