import { type Directory, demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EntraEmulator, startEntraEmulator } from '../src/emulator.ts';
import { createFormBrowser } from '../testing/form-browser.ts';
import { createOAuthClient, type TokenAnswer, tokenText } from '../testing/oauth-client.ts';
import { consentTo, signInAs } from '../testing/sign-in.ts';

const { alice, ben, fay, gus } = demoUsers;
const startedAt = new Date('2026-03-04T05:06:07Z');
const contextClaims = JSON.stringify({ id_token: { acrs: { essential: true, value: 'c1' } } });

let emulator: EntraEmulator;
let app: ReturnType<typeof createOAuthClient>;
let now: Date;

async function start(directory: Directory = demoDirectory) {
  now = startedAt;
  emulator = await startEntraEmulator({ directory, now: () => now });
  app = createOAuthClient(emulator);
  consentTo(emulator);
}

beforeEach(() => start());
afterEach(() => emulator.close());

function passSeconds(seconds: number) {
  now = new Date(now.getTime() + seconds * 1000);
}

const claimsOf = (tokens: TokenAnswer) => decodeJwt(tokenText(tokens, 'id_token'));
const claimsAfterSignIn = async (userId: string) => claimsOf((await signInAs(emulator, app, userId)).tokens);
const epochSeconds = (instant: Date) => instant.getTime() / 1000;

describe('an authentication context that is asked for the ID token', () => {
  const signInWithContext = async () => {
    const { person } = await signInAs(emulator, app, ben.id);
    const { heading } = await person.open(app.authorizeUrl({ claims: contextClaims }));
    const { left } = await person.press('factor', 'approve');
    return { heading, person, tokens: await app.redeem(left?.searchParams.get('code') ?? '') };
  };

  it('makes a person who is signed in prove more, and is named in a list', async () => {
    const { heading, tokens } = await signInWithContext();
    expect(heading).toBe('Approve sign-in');
    expect(claimsOf(tokens)['acrs']).toEqual(['c1']);
    expect(decodeJwt(tokenText(tokens, 'access_token'))).not.toHaveProperty('acrs');
  });

  it('stays in refreshed ID tokens of that sign-in, and is not in the next that did not ask', async () => {
    const { person, tokens } = await signInWithContext();
    const refreshed = await app.refresh(tokenText(tokens, 'refresh_token'));
    expect(claimsOf(await app.refresh(tokenText(refreshed, 'refresh_token')))['acrs']).toEqual(['c1']);
    const { left } = await person.open(app.authorizeUrl());
    const next = await app.redeem(left?.searchParams.get('code') ?? '');
    expect(claimsOf(next)).not.toHaveProperty('acrs');
  });

  it('is not named because the access token has to name it', async () => {
    const person = createFormBrowser(emulator.origin);
    await person.open(app.authorizeUrl({ claims: contextClaims.replace('id_token', 'access_token') }));
    await person.press('account', ben.id);
    const { left } = await person.press('factor', 'approve');
    const tokens = await app.redeem(left?.searchParams.get('code') ?? '');
    expect(claimsOf(tokens)).not.toHaveProperty('acrs');
  });

  it('refuses a refresh that asks for it where the sign-in had no second factor: AADSTS50076', async () => {
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    const { body } = await app.refresh(refreshToken, { claims: contextClaims });
    expect(body).toMatchObject({ error: 'interaction_required', error_codes: [50076] });
  });

  it('cannot be proven silently: AADSTS50076', async () => {
    const { person } = await signInAs(emulator, app, ben.id);
    const { left } = await person.open(app.authorizeUrl({ claims: contextClaims, prompt: 'none' }));
    expect(left?.searchParams.get('error_description')).toContain('AADSTS50076');
  });
});

describe('auth_time', () => {
  it('is that of the sign-in at the pages, in later sign-ins and refreshed ID tokens too', async () => {
    const { person, refreshToken } = await signInAs(emulator, app, ben.id);
    passSeconds(600);
    const { left } = await person.open(app.authorizeUrl());
    const again = await app.redeem(left?.searchParams.get('code') ?? '');
    expect(claimsOf(again)['auth_time']).toBe(epochSeconds(startedAt));
    expect(claimsOf(await app.refresh(refreshToken))['auth_time']).toBe(epochSeconds(startedAt));
  });

  it.each([
    ['prompt=login', { prompt: 'login' }],
    ['max_age=0', { max_age: '0' }],
    ['a max_age that has passed', { max_age: '599' }],
  ])('is new after %s, for which the person signs in again', async (_what, changes) => {
    const { person, refreshToken } = await signInAs(emulator, app, ben.id);
    passSeconds(600);
    expect((await person.open(app.authorizeUrl(changes))).heading).toBe('Pick an account');
    const { left } = await person.press('account', ben.id);
    const again = await app.redeem(left?.searchParams.get('code') ?? '');
    expect(claimsOf(again)['auth_time']).toBe(epochSeconds(now));
    const refreshed = await app.refresh(tokenText(again, 'refresh_token'));
    expect(claimsOf(refreshed)['auth_time']).toBe(epochSeconds(now));
    // The earlier sign-in remains what it was.
    expect(claimsOf(await app.refresh(refreshToken))['auth_time']).toBe(epochSeconds(startedAt));
  });

  it('is new after prompt=login with an address that was typed', async () => {
    const { person } = await signInAs(emulator, app, ben.id);
    passSeconds(600);
    await person.open(app.authorizeUrl({ prompt: 'login' }));
    const { left } = await person.press('username', '', { username: ben.username });
    const again = await app.redeem(left?.searchParams.get('code') ?? '');
    expect(claimsOf(again)['auth_time']).toBe(epochSeconds(now));
  });

  it('asks for a new sign-in with max_age=0, however young the last one is', async () => {
    const { person } = await signInAs(emulator, app, ben.id);
    expect((await person.open(app.authorizeUrl({ max_age: '0' }))).heading).toBe('Pick an account');
  });

  it('asks nobody while the sign-in is younger than max_age', async () => {
    const { person } = await signInAs(emulator, app, ben.id);
    passSeconds(600);
    const { left } = await person.open(app.authorizeUrl({ max_age: '600' }));
    expect(left?.searchParams.has('code')).toBe(true);
  });

  it.each([
    ['login_required', { max_age: '60', prompt: 'none' }],
    ['invalid_request', { max_age: '-1' }],
    ['invalid_request', { max_age: 'soon' }],
  ])('comes back as %s where %o cannot be met', async (error, changes) => {
    const { person } = await signInAs(emulator, app, ben.id);
    passSeconds(61);
    const { left } = await person.open(app.authorizeUrl(changes));
    expect(left?.searchParams.get('error')).toBe(error);
  });
});

describe('optional claims', () => {
  it('are in the ID token where the registration lists them', async () => {
    expect(await claimsAfterSignIn(ben.id)).toMatchObject({ sid: expect.any(String), acct: 0 });
  });

  it.each(['sid', 'auth_time', 'acrs'] as const)('%s is absent where it does not', async (left) => {
    await emulator.close();
    await start({
      ...demoDirectory,
      registrations: demoDirectory.registrations.map((registration) => ({
        ...registration,
        optionalIdTokenClaims: registration.optionalIdTokenClaims.filter((claim) => claim !== left),
      })),
    });
    const person = createFormBrowser(emulator.origin);
    await person.open(app.authorizeUrl({ claims: contextClaims }));
    await person.press('account', ben.id);
    const { left: back } = await person.press('factor', 'approve');
    const claims = claimsOf(await app.redeem(back?.searchParams.get('code') ?? ''));
    expect(['sid', 'auth_time', 'acrs'].filter((name) => !(name in claims))).toEqual([left]);
  });

  it('can be withheld on the switches page', async () => {
    await fetch(`${emulator.origin}/switches`, {
      method: 'POST',
      body: new URLSearchParams({ action: 'save', withheldClaims: 'sid groups' }),
    });
    const claims = await claimsAfterSignIn(ben.id);
    expect(claims).not.toHaveProperty('sid');
    expect(claims).not.toHaveProperty('groups');
    expect(claims).toHaveProperty('auth_time');
  });
});

describe('groups', () => {
  it('are object ids', async () => {
    expect((await claimsAfterSignIn(ben.id))['groups']).toEqual(ben.groups.map(({ id }) => id));
  });

  it('are those that a group is in, too', async () => {
    await emulator.close();
    const inOneGroup = { ...alice, groups: alice.groups.filter(({ name }) => name === 'Engineering') };
    await start({
      ...demoDirectory,
      users: demoDirectory.users.map((user) => (user.id === alice.id ? inOneGroup : user)),
    });
    expect((await claimsAfterSignIn(alice.id))['groups']).toHaveLength(2);
  });

  it('are replaced by where to ask once there are more than the limit', async () => {
    emulator.switches.groupLimit = 1;
    const claims = await claimsAfterSignIn(ben.id);
    expect(claims).not.toHaveProperty('groups');
    expect(claims).not.toHaveProperty('hasgroups');
    expect(claims).toMatchObject({
      _claim_names: { groups: 'src1' },
      _claim_sources: {
        src1: {
          endpoint: `https://graph.windows.net/${demoClient.tenantId}/users/${ben.id}/getMemberObjects`,
        },
      },
    });
    emulator.switches.groupLimit = 2;
    expect(await claimsAfterSignIn(ben.id)).not.toHaveProperty('_claim_names');
  });

  it('are absent where there are none, also with a limit of none', async () => {
    emulator.switches.groupLimit = 0;
    const [, shared] = demoDirectory.registrations;
    const client = { client_id: shared?.clientId ?? '', client_secret: shared?.secrets[0] ?? '' };
    const fabrikam = createOAuthClient(emulator, fay.homeTenantId);
    emulator.consents.grant({
      tenantId: fay.homeTenantId,
      clientId: client.client_id,
      scopes: ['openid', 'profile', 'offline_access', 'User.Read'],
    });
    const signInAtHome = async (userId: string) => {
      const person = createFormBrowser(emulator.origin);
      await person.open(fabrikam.authorizeUrl({ client_id: client.client_id }));
      const { left } = await person.press('account', userId);
      return claimsOf(await fabrikam.redeem(left?.searchParams.get('code') ?? '', client));
    };
    for (const user of [fay, gus]) {
      const claims = await signInAtHome(user.id);
      expect(claims).not.toHaveProperty('_claim_names');
      expect(claims).toMatchObject({ acct: 0, tid: fay.homeTenantId });
    }
  });
});

describe('a guest', () => {
  it('has this tenant, an object id of its own here, the home tenant as identity provider, and no role', async () => {
    const claims = await claimsAfterSignIn(gus.id);
    expect(claims).toMatchObject({
      tid: demoClient.tenantId,
      oid: gus.guestIn[0]?.objectId,
      idp: `https://sts.windows.net/${gus.homeTenantId}/`,
      acct: 1,
      groups: gus.groups.map(({ id }) => id),
    });
    expect(claims).not.toHaveProperty('roles');
  });

  it('is told from a member, who has no idp', async () => {
    expect(await claimsAfterSignIn(ben.id)).not.toHaveProperty('idp');
  });
});
