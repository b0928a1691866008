import { describe, expect, it } from 'vitest';
import { BffProblem } from '../../../client/client.ts';
import { pnpBehavior, problemOf } from '../../../client/graph.ts';
import { settlePnpBatch } from '../../support/pnp-batch.js';
import { origin } from '../fake-page.ts';

const page = { location: { origin }, fetch: () => Promise.reject(new Error('not this origin')) } as never;

const settle = (fetch: () => Promise<Response>) => settlePnpBatch(pnpBehavior({ fetch }, { page }));

describe('a batch of PnPjs', () => {
  it.for([
    ['rate_limited', 429],
    ['session_required', 401],
  ] as const)('that is refused as a whole (%s) rejects each of its calls', async ([code, status]) => {
    const problem = new BffProblem({ code, detail: 'Not now.' }, status, 5);
    const outcomes = await settle(() => Promise.reject(problem));
    expect(outcomes).toHaveLength(3);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { status } });
      expect(await problemOf(outcome.status === 'rejected' && outcome.reason)).toBe(problem);
    }
  });

  it('that Graph refuses as a whole rejects each of its calls', async () => {
    const outcomes = await settle(async () => new Response('gone', { status: 500 }));
    expect(outcomes).toMatchObject(Array(3).fill({ status: 'rejected', reason: { status: 500 } }));
  });

  it('whose network is lost rejects each of its calls', async () => {
    const outcomes = await settle(() => Promise.reject(new TypeError('Failed to fetch')));
    expect(outcomes).toMatchObject(Array(3).fill({ status: 'rejected', reason: { status: 503 } }));
  });

  it('with a refused part rejects that call only', async () => {
    const refused = { code: 'path_not_allowed', error: { code: 'path_not_allowed' } };
    const responses = [
      { id: '1', status: 200, headers: {}, body: { displayName: 'Alice' } },
      { id: '2', status: 403, headers: { 'bff-problem': 'path_not_allowed' }, body: refused },
      { id: '3', status: 200, headers: {}, body: { value: [] } },
    ];
    const [me, users, messages] = await settle(async () => Response.json({ responses }));
    expect([me?.status, users?.status, messages?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const reason: unknown = users?.status === 'rejected' && users.reason;
    expect(await problemOf(reason)).toMatchObject({ code: 'path_not_allowed', status: 403 });
  });
});
