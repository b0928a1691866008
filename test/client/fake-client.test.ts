import { describe, expect, it, vi } from 'vitest';
import { BffProblem } from '../../client/client.ts';
import { createFakeClient } from '../../testing/index.ts';

const messages = '/me/messages?$select=subject';

describe('the fake client', () => {
  it('has a session that a test chooses', async () => {
    expect(await createFakeClient().session()).toMatchObject({ signed_in: true, name: 'Alice Adams' });
    const ben = createFakeClient({ name: 'Ben Brown', roles: ['Admin'] });
    expect(await ben.session()).toMatchObject({ name: 'Ben Brown', roles: ['Admin'] });
    expect(await createFakeClient('signed_out').session()).toMatchObject({ signed_in: false });
  });

  it('answers a call for its path with or without the query, the more precise one first', async () => {
    const client = createFakeClient();
    client.respond('/me/messages', { value: [] });
    expect(await (await client.graph(messages)).json()).toEqual({ value: [] });
    client.respond(messages, { value: [1] });
    expect(await (await client.graph(messages)).json()).toEqual({ value: [1] });
  });

  it('answers with a response, a problem, or what a function returns', async () => {
    const client = createFakeClient();
    client.respond('/me', new Response('no', { status: 404 }));
    expect([(await client.graph('/me')).status, (await client.graph('/me')).status]).toEqual([404, 404]);
    const problem = new BffProblem({ code: 'interaction_required' }, 401);
    client.respond('/me', problem);
    await expect(client.graph('/me')).rejects.toBe(problem);
    client.respond('POST /me/sendMail', ({ body }: { body: string }) => ({ echoed: JSON.parse(body) }));
    const answer = await client.graph('/me/sendMail', { method: 'POST', body: '{"to":"ben"}' });
    expect(await answer.json()).toEqual({ echoed: { to: 'ben' } });
  });

  it('records calls of every form', async () => {
    const client = createFakeClient();
    client.respond('/me', {});
    client.respond('PATCH http://localhost/api/orders/1', {});
    await client.graph('/me', { headers: { prefer: 'x' } });
    await client.fetch(new Request('http://localhost/api/orders/1', { method: 'PATCH', body: 'text' }));
    expect(client.calls).toMatchObject([
      { method: 'GET', path: '/me', body: undefined },
      { method: 'PATCH', path: 'http://localhost/api/orders/1', body: 'text' },
    ]);
    expect(client.calls[0]?.headers.get('prefer')).toBe('x');
  });

  it('fails a call without an answer, and names the answers there are', async () => {
    const client = createFakeClient();
    client.respond('/me', {});
    await expect(client.graph('/me/drive')).rejects.toThrow(
      'No answer for GET /me/drive. Set one with respond(). Known: GET /me',
    );
  });

  it('follows the pages of a list', async () => {
    const client = createFakeClient();
    client.respond('/me/messages', { value: [1], '@odata.nextLink': '/next' });
    client.respond('/next', { value: [2] });
    const values: unknown[] = [];
    for await (const page of client.pages('/me/messages')) values.push(...page.value);
    expect(values).toEqual([1, 2]);
  });

  it('tells components of another session', async () => {
    const client = createFakeClient('signed_out');
    const listener = vi.fn();
    const unsubscribe = client.onSessionChange(listener);
    expect(await client.signIn()).toBe('signed_in');
    client.setSession({ roles: ['Admin'] });
    client.setSession({ name: 'Ben Brown', username: 'ben@contoso.example' });
    await client.signOut();
    expect(listener.mock.calls).toMatchObject([
      [{ type: 'signed_in', userChanged: false }],
      [{ type: 'changed', userChanged: false, session: { roles: ['Admin'] } }],
      [{ type: 'changed', userChanged: true }],
      [{ type: 'signed_out' }],
    ]);
    unsubscribe();
    client.setSession({});
    expect(listener).toHaveBeenCalledTimes(4);
    expect(await client.session()).toMatchObject({ signed_in: true });
  });

  it('gives addresses with the tag of the session', () => {
    expect(createFakeClient({ session_tag: 'x' }).src('/api/graph/v1.0/me/photo/$value')).toBe(
      '/api/graph/v1.0/me/photo/$value?session_tag=x',
    );
  });
});
