import { demoDirectory, demoUsers } from '@entra-bff/directory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSessionRows } from '../support/table-rows.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
/** A worker that admits users of every tenant, including guests. */
let open: Worker;
/** The same deployment after its settings have changed. */
let withoutFabrikam: Worker;

const shared = demoDirectory.registrations.find(({ accounts }) => accounts === 'any-tenant');
const ids = demoDirectory.tenants.map(({ id }) => id);
const organizations = {
  ENTRA_TENANT_ID: 'organizations',
  ENTRA_ALLOWED_TENANTS: ids.join(','),
  ENTRA_CLIENT_ID: shared?.clientId ?? '',
  ENTRA_CLIENT_SECRET: shared?.secrets[0] ?? '',
  SESSION_CACHE_SECONDS: '0',
};

beforeAll(async () => {
  world = await startWorld();
  open = await world.startWorker({ environment: organizations });
  const contosoAlone = demoUsers.alice.homeTenantId;
  withoutFabrikam = await world.startWorker({
    environment: { ...organizations, ENTRA_ALLOWED_TENANTS: contosoAlone },
  });
});

afterAll(() => world.close());

const calls = [
  ['GET', '/api/graph/v1.0/me'],
  ['GET', '/api/auth/sessions'],
  ['GET', '/api/admin'],
] as const;

async function expectOut(browser: UserAgent, at: Worker): Promise<void> {
  const there = browser.clone(at.origin);
  expect(await there.scriptJson('/api/auth/session')).toMatchObject({ signed_in: false });
  for (const [method, path] of calls) {
    const { status, body } = await there.script(method, path);
    expect([status, JSON.parse(body).code, JSON.parse(body).reason], path).toEqual([
      401,
      'session_required',
      'session_ended',
    ]);
  }
}

const isSignedIn = async (browser: UserAgent, at: Worker) =>
  (await browser.clone(at.origin).scriptJson('/api/auth/session'))['signed_in'];

describe('a session', () => {
  it('of a tenant that the settings no longer allow ends at the next call, and its row is deleted', {
    tags: ['RG-6'],
  }, async () => {
    const [fay, ben] = [open.browser(), open.browser()];
    await signIn(fay, { user: 'fay' });
    await signIn(ben, { user: 'ben' });
    expect(await readSessionRows(world)).toHaveLength(2);
    await expectOut(fay, withoutFabrikam);
    expect(await readSessionRows(world)).toHaveLength(1);
    expect(await isSignedIn(fay, open)).toBe(false);
    expect(await isSignedIn(ben, withoutFabrikam)).toBe(true);
    expect(withoutFabrikam.logLines.join('\n')).toMatch(
      /"event":"session-ended","audit":true,"user":"[\w-]{16}","by":"service","sessions":1/,
    );
  });

  it('of such a tenant is refused even if its row cannot be deleted', {
    tags: ['RG-5'],
  }, async () => {
    const fay = open.browser();
    await signIn(fay, { user: 'fay' });
    withoutFabrikam.table.failing.add('remove');
    await expectOut(fay, withoutFabrikam);
    withoutFabrikam.table.recover();
    await expectOut(fay, withoutFabrikam);
    // This worker no longer opens the session. The next worker that reads the row deletes it.
    const next = await world.startWorker({
      environment: { ...organizations, ENTRA_ALLOWED_TENANTS: demoUsers.alice.homeTenantId },
    });
    await expectOut(fay, next);
    expect(await isSignedIn(fay, open)).toBe(false);
  });
});

describe('a guest’s session', () => {
  it('ends at the next call after the settings refuse guests, and members stay signed in', {
    tags: ['RG-6'],
  }, async () => {
    const guests = await startWorld();
    try {
      grantSignIn(guests);
      const before = await guests.startWorker();
      const withoutGuests = await guests.startWorker({ environment: { ENTRA_GUESTS: 'refuse' } });
      const [gus, ben] = [before.browser(), before.browser()];
      await signIn(gus, { user: 'gus' });
      await signIn(ben, { user: 'ben' });
      await expectOut(gus, withoutGuests);
      expect(await readSessionRows(guests)).toHaveLength(1);
      expect(await isSignedIn(ben, withoutGuests)).toBe(true);
    } finally {
      await guests.close();
    }
  });
});
