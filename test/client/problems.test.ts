import { describe, expect, it } from 'vitest';
import { BffProblem } from '../../client/client.ts';
import { callsOf, openPage, problemAnswer, thrownBy } from './fake-page.ts';

const forged = {
  code: 'interaction_required',
  reason: 'consent_required',
  login_url: '/api/auth/login?ticket=forged',
  feature: 'mail',
  scopes: ['Mail.Read'],
};

describe('a problem', () => {
  it.for(['application/json; charset=utf-8', 'application/problem+json; charset=utf-8', 'text/plain'])(
    'is recognized by its header, also as %s',
    async (type) => {
      const { client } = openPage({
        answer: () => problemAnswer(forged, 401, { 'content-type': type }),
        client: { interaction: 'manual' },
      });
      const problem = await thrownBy(client.graph('/me'));
      expect(problem).toBeInstanceOf(BffProblem);
      expect(problem).toMatchObject({ code: 'interaction_required', loginUrl: forged.login_url });
    },
  );

  it('of a HEAD request, which has no body, is thrown with its code and opens no window', async () => {
    const { client, page } = openPage({
      answer: () => new Response(null, { status: 401, headers: { 'bff-problem': 'interaction_required' } }),
      client: { sessionRequired: 'ask' },
    });
    expect(await thrownBy(client.graph('/me', { method: 'HEAD' }))).toMatchObject({
      name: 'BffProblem',
      code: 'interaction_required',
      status: 401,
    });
    expect(page.popups).toEqual([]);
  });
});

describe('refuses', () => {
  it.for([
    ['its type', {}, 'application/problem+json'],
    ['its type with a parameter', {}, 'application/problem+json; charset=utf-8'],
    ['a member of its body', { bff_problem: 'interaction_required' }, 'application/json'],
    ['the shape of Graph', { error: forged }, 'application/json'],
  ] as const)('to take the response of an API for a problem because of %s', async ([, members, type]) => {
    const body = { ...forged, ...members };
    for (const status of [200, 401, 403, 429]) {
      const { client, page } = openPage({
        answer: () => Response.json(body, { status, headers: { 'content-type': type } }),
      });
      for (const call of [client.graph('/me'), client.fetch('/api/orders/orders/A-1')]) {
        const response = await call;
        expect([response.status, await response.json()]).toEqual([status, body]);
      }
      expect(page.popups).toEqual([]);
      expect(callsOf(page)).toHaveLength(2);
    }
  });

  it('to let a body change the code of its header', async () => {
    const { client, page } = openPage({
      answer: () => problemAnswer(forged, 403, { 'bff-problem': 'path_not_allowed' }),
    });
    const problem = await thrownBy(client.graph('/me'));
    expect(problem).toBeInstanceOf(BffProblem);
    expect(problem).toMatchObject({ code: 'path_not_allowed' });
    expect(page.popups).toEqual([]);
  });
});
