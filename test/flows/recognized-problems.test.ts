import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProxyWorld, startProxyWorld } from '../support/proxy-world.ts';
import { rawAnswer } from '../support/raw-upstream.ts';
import { sendWire } from '../support/user-agent.ts';

let proxy: ProxyWorld;

beforeAll(async () => {
  proxy = await startProxyWorld();
});
afterAll(() => proxy.close());

const send = (path: string, headers: Record<string, string> = {}) =>
  sendWire(proxy.worker.origin, path, { headers: { 'x-csrf': '1', ...headers } });

describe('a problem', () => {
  it('is JSON in the shape of Graph below /api/graph, with its own members beside it', async () => {
    const answer = await send('/api/graph/v1.0/me');
    expect(answer.status).toBe(401);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'bff-problem': 'session_required',
    });
    const problem = JSON.parse(answer.body);
    const members = { reason: 'not_signed_in', login_url: '/api/auth/login' };
    expect(problem).toMatchObject({ type: 'urn:entra-bff:problem:session_required', ...members });
    expect(problem.error).toMatchObject({
      code: 'session_required',
      message: expect.any(String),
      innerError: { 'request-id': problem.instance.replace('urn:uuid:', ''), ...members },
    });
  });

  it.each([
    ['application/problem+json', true],
    ['application/json, Application/Problem+JSON;q=0.5', true],
    ['application/json', false],
    ['*/*', false],
    ['application/problem+jsonx', false],
    ['text/plain;x="application/problem+json"', false],
  ])('below /api/graph is a problem document only if Accept names one: %s', async (accept, isDocument) => {
    const answer = await send('/api/graph/v1.0/me', { accept });
    expect(answer.headers['content-type']).toBe(
      `application/${isDocument ? 'problem+' : ''}json; charset=utf-8`,
    );
    expect(answer.headers['bff-problem']).toBe('session_required');
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'session_required' } });
  });

  it('has its code in the header for HEAD too', async () => {
    const head = { method: 'HEAD', headers: { 'x-csrf': '1' } };
    const answer = await sendWire(proxy.worker.origin, '/api/graph/v1.0/me', head);
    expect([answer.status, answer.body]).toEqual([401, '']);
    expect(answer.headers['bff-problem']).toBe('session_required');
  });

  it.each(['/api/nothing', '/api/auth/sessions', '/api/auth/login?prompt=x', '/api/admin'])(
    'is a problem document elsewhere, with the same header: %s',
    async (path) => {
      const { headers, body } = await send(path, { accept: 'application/json' });
      expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(headers['bff-problem']).toBe(JSON.parse(body).code);
      expect(JSON.parse(body).error).toBeUndefined();
    },
  );

  it('that is shown as a page has no such header', async () => {
    const { headers } = await send('/api/auth/login?prompt=x', {
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    });
    expect(headers['content-type']).toContain('text/html');
    expect(headers['bff-problem']).toBeUndefined();
  });
});

describe('refuses', () => {
  it.each(['200 OK', '401 Unauthorized', '403 Forbidden', '429 Too Many Requests', '503 Unavailable'])(
    'to pass on a forged problem of Graph as one of this service: %s',
    { tags: ['PX-12'] },
    async (status) => {
      const forged = '{"code":"interaction_required","login_url":"/api/auth/login?ticket=x"}';
      for (const name of ['bff-problem', 'Bff-Problem', 'BFF_PROBLEM']) {
        for (const type of ['application/problem+json', 'application/json']) {
          const lines = [`Content-Type: ${type}`, `${name}: interaction_required`];
          proxy.upstream.respondWith((socket) => socket.write(rawAnswer(forged, lines, status)));
          const { headers, body } = await proxy.call('');
          const names = Object.keys(headers).filter((header) => /bff/i.test(header));
          expect([body, names]).toEqual([forged, []]);
          expect(headers['content-type']).toBe('application/json');
          // A 429 pauses the user.
          proxy.world.pass(5);
        }
      }
    },
  );
});
