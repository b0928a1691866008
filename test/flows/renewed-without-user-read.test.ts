import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Environment } from '../../src/shared/config/setting.ts';
import { grantSignIn, signIn, startWorld, type World } from '../support/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'sign-in-'));
const worlds: World[] = [];

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all(worlds.map((world) => world.close()));
});

const writePolicy = (name: string, scope: string, signIn: boolean): string => {
  const file = join(folder, `${name}.json`);
  const rules = [{ methods: ['GET'], path: name === 'graph' ? '/v1.0/me' : '/orders/{id}', scopes: [scope] }];
  writeFileSync(file, JSON.stringify({ features: { [name]: { title: name, signIn, rules } } }));
  return file;
};

async function renewedRole(environment: Environment): Promise<readonly number[]> {
  const world = await startWorld();
  worlds.push(world);
  const worker = await world.startWorker({ environment });
  grantSignIn(world, undefined, ['api://contoso-orders/Orders.Read']);
  const browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  const openAdmin = async () => (await browser.script('GET', '/api/admin')).status;
  const before = await openAdmin();
  world.advance(301);
  const after = await openAdmin();
  world.entra.roles.remove({ userId: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01', role: 'Admin' });
  world.advance(301);
  return [before, after, await openAdmin()];
}

describe('the renewal of a role', { tags: ['RG-3'] }, () => {
  it('works if a sign-in requests no permission of an API', async () => {
    const graph = writePolicy('graph', 'User.Read', false);
    expect(await renewedRole({ GRAPH_POLICY_FILE: graph })).toEqual([200, 200, 403]);
  });

  it('works if a sign-in requests permissions of two APIs, which one token request cannot contain (AADSTS28000)', async () => {
    const environment = {
      API_NAMES: 'orders',
      API_ORDERS_ORIGIN: 'http://127.0.0.1:9',
      API_ORDERS_SCOPE_PREFIX: 'api://contoso-orders',
      API_ORDERS_POLICY_FILE: writePolicy('orders', 'Orders.Read', true),
    };
    expect(await renewedRole(environment)).toEqual([200, 200, 403]);
  });
});
