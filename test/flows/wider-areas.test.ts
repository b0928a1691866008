import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ environment: { GRAPH_POLICY_MORE: 'presence, chats' } });
});
afterAll(() => world.close());

const presence = '/api/graph/v1.0/me/presence';

describe('a wider area that GRAPH_POLICY_MORE names', () => {
  it('is asked for when it is first used, and not at sign-in', async () => {
    const browser = worker.browser();
    await signIn(browser, { user: 'ben' });
    const asked = world.entra.requests.findLast(({ kind }) => kind === 'authorize')?.query['scope'];
    expect(asked).toContain('User.Read');
    expect(asked).not.toMatch(/Presence|Chat|Team|Channel/);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
      features: { presence: 'not_asked', 'chat-messages': 'not_asked' },
    });
    const refused = JSON.parse((await browser.script('GET', presence)).body);
    expect(refused).toMatchObject({
      code: 'interaction_required',
      feature: 'presence',
      scopes: ['Presence.Read'],
    });
    await signIn(browser, { user: 'ben', from: refused.login_url });
    expect((await browser.script('GET', presence)).status).toBe(200);
  });
});

describe('refuses', () => {
  it('the calls of a wider area that is not named', { tags: ['PX-4'] }, async () => {
    const browser = worker.browser();
    await signIn(browser, { user: 'ben' });
    const sent = world.graph.requests.length;
    for (const path of ['/me/manager', '/me/planner/tasks', '/sites/root']) {
      const { status, body } = await browser.script('GET', `/api/graph/v1.0${path}`);
      expect([status, JSON.parse(body).code], path).toEqual([403, 'path_not_allowed']);
    }
    expect(world.graph.requests).toHaveLength(sent);
  });
});
