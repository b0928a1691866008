import { expect, it } from 'vitest';
import { grantSignIn, signIn, startWorld } from '../support/world.ts';

it('who-am-i returns the name and the roles of the signed-in user, and refuses a browser without a session', async () => {
  const world = await startWorld();
  try {
    const worker = await world.startWorker({ extension: 'whoAmI' });
    grantSignIn(world);
    const browser = worker.browser();
    await signIn(browser, { user: 'alice' });
    expect(await browser.scriptJson('/api/who-am-i')).toEqual({ name: 'Alice Adams', roles: ['Admin'] });
    expect((await worker.browser().script('GET', '/api/who-am-i')).status).toBe(401);
  } finally {
    await world.close();
  }
});
