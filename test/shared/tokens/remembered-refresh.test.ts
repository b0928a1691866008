import { beforeEach, describe, expect, it } from 'vitest';
import { BffError } from '../../../src/shared/errors.ts';
import type { Session } from '../../../src/shared/session/store.ts';
import type { SessionRefetch } from '../../../src/shared/session/updates.ts';
import { createRefusals } from '../../../src/shared/tokens/refusals.ts';
import { createRememberedRefresh } from '../../../src/shared/tokens/remembered-refresh.ts';
import type { RefreshEnd } from '../../../src/shared/tokens/renewal-lease.ts';
import { sessionContent } from '../../support/session-content.ts';

const start = new Date('2026-08-01T12:00:00Z');
const log = () => {};
const wish = { scopes: ['Mail.Read'] };

let elapsedMs: number;
let asked: Session[];
let looks: number;
let paced: number;
let inTable: () => SessionRefetch;
let answer: (session: Session) => RefreshEnd;

const session = (tokenGeneration = 0, grantedScopes = ['User.Read']): Session => {
  const content = sessionContent({ tokenGeneration, facts: { grantedScopes } });
  return {
    ...content,
    address: {
      userHash: Buffer.alloc(32),
      rowId: Buffer.alloc(32),
      secret: Buffer.alloc(32),
      expiresAt: start,
    },
    lastUsedAt: start,
    generation: 0,
    idleExpiresAt: start,
    etag: 'first',
  };
};
const refused = (latest: Session): RefreshEnd => ({
  latest,
  outcome: { kind: 'interaction-required', reason: 'consent_required' },
});
const given = (latest: Session): RefreshEnd => ({
  latest,
  outcome: { kind: 'token', accessToken: 'token', expiresAt: start, session: latest },
});

function worker() {
  const monotonicMs = () => elapsedMs;
  const pace = { refused: () => void paced++ };
  return createRememberedRefresh({
    refresh: async (current) => {
      asked.push(current);
      return answer(current);
    },
    refusals: createRefusals({ monotonicMs, now: () => start, pace }),
    pace,
    store: {
      refetch: async () => {
        looks++;
        return inTable();
      },
    },
    monotonicMs,
  });
}

beforeEach(() => {
  elapsedMs = 0;
  asked = [];
  looks = 0;
  paced = 0;
  inTable = () => ({ kind: 'found', session: session() });
  answer = refused;
});

describe('a refresh that was refused', () => {
  it('is answered again after a look at the row, one for all calls that came before it', async () => {
    const refresh = worker();
    let { latest } = await refresh(session(), wish, log, 0);
    for (let call = 0; call < 5; call++) {
      const end = await refresh(latest, wish, log, 0);
      expect(end.outcome).toEqual({ kind: 'interaction-required', reason: 'consent_required' });
      latest = end.latest;
    }
    expect([asked.length, looks]).toEqual([1, 0]);
    elapsedMs = 10;
    for (let call = 0; call < 5; call++) latest = (await refresh(latest, wish, log, 10)).latest;
    expect([asked.length, looks]).toEqual([1, 1]);
  });

  it.each([
    ['tokens that came meanwhile', session(1)],
    ['a grant', session(0, ['User.Read', 'Mail.Read'])],
  ])('is tried again with %s in the row', async (_circumstance, found) => {
    const refresh = worker();
    const { latest } = await refresh(session(), wish, log, 0);
    elapsedMs = 10;
    inTable = () => ({ kind: 'found', session: found });
    answer = given;
    expect((await refresh(latest, wish, log, 10)).outcome).toMatchObject({ kind: 'token' });
    expect(asked.at(-1)).toBe(found);
  });

  it('of a row that is gone is the end of the session', async () => {
    const refresh = worker();
    const { latest } = await refresh(session(), wish, log, 0);
    elapsedMs = 10;
    inTable = () => ({ kind: 'gone' });
    expect((await refresh(latest, wish, log, 10)).outcome).toEqual({ kind: 'session-ended' });
    expect(asked).toHaveLength(1);
  });

  it('is answered without a look when the table does not answer; a bug stays one', async () => {
    const refresh = worker();
    const { latest } = await refresh(session(), wish, log, 0);
    elapsedMs = 10;
    inTable = () => {
      throw new BffError('storage_unavailable');
    };
    expect((await refresh(latest, wish, log, 10)).outcome).toMatchObject({ kind: 'interaction-required' });
    inTable = () => {
      throw new TypeError('a bug');
    };
    await expect(refresh(latest, wish, log, 20)).rejects.toThrow('a bug');
  });
});

describe('a refresh that brings nothing', () => {
  it.each([
    ['a refusal', refused, 1],
    ['no usable answer', () => unavailable('sign_in_service_unavailable'), 1],
    ['a table that fails', () => unavailable('storage_unavailable'), 0],
    ['a token', given, 0],
  ] as const)('(%s) sets the pace accordingly', async (_circumstance, end, times) => {
    answer = end;
    await worker()(session(), wish, log, 0).catch((error: unknown) => expect(error).toBeInstanceOf(BffError));
    expect(paced).toBe(times);
  });
});

function unavailable(code: 'sign_in_service_unavailable' | 'storage_unavailable'): never {
  throw new BffError(code);
}
