import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import {
  answerEntra,
  grantSignIn,
  signIn,
  startWorld,
  userId,
  type Worker,
  type World,
} from '../support/world.ts';

let world: World;
let worker: Worker;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker({ extension: 'payroll' });
  grantSignIn(world);
  world.entra.roles.grant({ userId: userId('ben'), role: 'Payroll' });
});

afterAll(() => world.close());

const read = async (browser: UserAgent) => {
  const { status, body } = await browser.script('GET', '/api/payroll');
  return { status, answer: JSON.parse(body) as Record<string, unknown> };
};

async function signedIn(user: string): Promise<UserAgent> {
  const browser = worker.browser();
  await signIn(browser, { user });
  return browser;
}

describe('the example of a guarded function', () => {
  it('serves a user with the role', async () => {
    expect(await read(await signedIn('ben'))).toEqual({
      status: 200,
      answer: { prepared_for: 'Ben Brown', salaries: [] },
    });
  });

  it('distinguishes a missing session from a missing role', { tags: ['RG-6'] }, async () => {
    expect(await read(worker.browser())).toMatchObject({ status: 401, answer: { code: 'session_required' } });
    expect(await read(await signedIn('alice'))).toMatchObject({
      status: 403,
      answer: {
        code: 'claim_required',
        required_roles: ['Payroll'],
        detail: 'This needs the app role "Payroll".',
      },
    });
  });

  it('requires a new sign-in after ten minutes, and then serves the user', { tags: ['AD-1'] }, async () => {
    const browser = await signedIn('ben');
    world.advance(601);
    const refused = await read(browser);
    expect(refused).toMatchObject({
      status: 401,
      answer: { code: 'interaction_required', reason: 'recent_sign_in_required' },
    });
    const entra = await browser.navigate(String(refused.answer['login_url']));
    await answerEntra(browser, entra, { user: 'ben' });
    expect((await read(browser)).status).toBe(200);
  });
});
