import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { demoClient, demoDirectory } from '@entra-bff/directory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrdersApi } from '../../examples/own-api/orders-api.ts';
import { codeBlocksOf, inlineCodeOf, readText, settingsOf } from '../support/documents.ts';
import { grantSignIn, signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';
import { openClientPage } from './client-page.ts';

const guide = 'docs/guides/your-own-api.md';
const [shown] = codeBlocksOf(guide).filter(({ language }) => language === 'dotenv');
const settings = settingsOf(shown?.text ?? '');
const [, path = ''] = /client\.fetch\('(.+)'\)/.exec(inlineCodeOf(guide).join('\n')) ?? [];
const registration = demoDirectory.resources.find(({ uri }) => uri === settings['API_ORDERS_SCOPE_PREFIX']);

let world: World;
let worker: Worker;
let api: Server;
let apiOrigin: string;

beforeAll(async () => {
  world = await startWorld();
  const tenant = `${world.entra.origin}/${demoClient.tenantId}`;
  api = createOrdersApi({
    issuer: `${tenant}/v2.0`,
    keysUrl: `${tenant}/discovery/v2.0/keys`,
    audience: registration?.id ?? '',
  });
  await new Promise<void>((resolve) => void api.listen(0, '127.0.0.1', resolve));
  apiOrigin = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  worker = await world.startWorker({ environment: { ...settings, API_ORDERS_ORIGIN: apiOrigin } });
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
      (await fetch(`${apiOrigin}/orders/A-1`, { headers })).status;
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
    expect(main).toContain(`'${registration?.id}'`);
    expect(settings['API_ORDERS_ORIGIN']).toContain(/listen\((\d+)/.exec(main)?.[1]);
  });
});
