import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grantSignIn, signIn, startWorld, type World } from '../support/world.ts';

const example = readFileSync(new URL('../../local.settings.example.json', import.meta.url), 'utf8');
const { Values } = JSON.parse(example) as { Values: Record<string, string> };
const hostSettings = Object.fromEntries(
  Object.entries(Values).filter(([name]) => name.startsWith('AzureWebJobs')),
);

let world: World;

beforeAll(async () => {
  world = await startWorld();
  grantSignIn(world);
});

afterAll(() => world.close());

describe('a sign-in while the storage account of the host refuses access', () => {
  it('works with the host settings of local.settings.example.json', async () => {
    expect(hostSettings).toHaveProperty('AzureWebJobsStorage');
    const { browser } = await world.startWorker({ host: { env: hostSettings, hostStorage: 'refuses' } });
    const alice = browser();
    expect((await signIn(alice, { user: 'alice' })).url.pathname).toBe('/');
    expect(await alice.scriptJson('/api/auth/session')).toMatchObject({ name: 'Alice Adams' });
  });
});
