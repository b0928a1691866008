import { demoClient } from '@entra-bff/directory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inlineCodeOf, readText } from '../support/documents.ts';
import { ordersRegistration, ordersSettings, startOrdersExample } from '../support/orders-example.ts';
import { grantSignIn, signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';
import { openClientPage } from './client-page.ts';

const inlineCode = inlineCodeOf('docs/guides/your-own-api.md').join('\n');
const [, path = ''] = /client\.fetch\('(.+)'\)/.exec(inlineCode) ?? [];

let world: World;
let worker: Worker;
let api: Awaited<ReturnType<typeof startOrdersExample>>;

beforeAll(async () => {
  world = await startWorld();
  api = await startOrdersExample(world);
  worker = await world.startWorker({ environment: api.environment });
  grantSignIn(world);
});
afterAll(async () => {
  api.close();
  await world.close();
});

async function openPageOf(user: string) {
  const browser = worker.browser();
  await signIn(browser, { user });
  return { browser, ...openClientPage(browser, worker.origin, { interaction: 'manual' }) };
}

describe('examples/own-api, with the settings, the policy and the call of the guide', () => {
  it('answers after the user has consented', async () => {
    const { browser, client } = await openPageOf('alice');
    const problem: unknown = await client.fetch(path).catch((error: unknown) => error);
    expect(problem).toMatchObject({ code: 'interaction_required', feature: 'orders' });
    const { loginUrl } = problem as { loginUrl: string };
    await signIn(browser, { user: 'alice', from: loginUrl });
    const { client: later } = openClientPage(browser, worker.origin);
    const answer = await later.fetch(path);
    expect([answer.status, await answer.json()]).toEqual([200, { id: 'A-1', placed_by: userId('alice') }]);
  });

  it('refuses a token that is missing, forged or for Graph', async () => {
    const statusOf = async (headers: Record<string, string>) =>
      (await fetch(`${api.origin}/orders/A-1`, { headers })).status;
    expect(await statusOf({})).toBe(401);
    expect(await statusOf({ authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' })).toBe(401);
    const { browser } = await openPageOf('ben');
    await browser.scriptJson('/api/graph/v1.0/me');
    const authorization = new Map(world.graph.requests.at(-1)?.headers).get('authorization') ?? '';
    expect(authorization).toMatch(/^Bearer eyJ/);
    expect(await statusOf({ authorization })).toBe(401);
  });

  it('accepts tokens of the emulator that `npm start` runs', () => {
    const main = readText('examples/own-api/main.ts');
    const { pathname } = new URL(/'(http[^']+)'/.exec(main)?.[1] ?? '');
    expect(pathname).toBe(`/${demoClient.tenantId}`);
    expect(main).toContain(`'${ordersRegistration?.id}'`);
    expect(ordersSettings['API_ORDERS_ORIGIN']).toContain(/listen\((\d+)/.exec(main)?.[1]);
  });
});
