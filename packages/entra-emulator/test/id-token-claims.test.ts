import { type Directory, demoClient, demoDirectory, demoUsers } from '@entra-bff/directory';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntraEmulator } from '../src/emulator.ts';
import { createFormBrowser } from '../testing/form-browser.ts';
import { createOAuthClient, type OAuthClient, type TokenAnswer, tokenText } from '../testing/oauth-client.ts';
import { consentTo, signInAs } from '../testing/sign-in.ts';
import { startTestEmulator } from '../testing/start-emulator.ts';

const { alice, ben, fay, gus } = demoUsers;
const startedAt = new Date('2026-03-04T05:06:07Z');
const contextClaims = JSON.stringify({ id_token: { acrs: { essential: true, value: 'c1' } } });

let emulator: EntraEmulator;
let app: OAuthClient;
let now: Date;

async function start(directory: Directory = demoDirectory) {
  now = startedAt;
  emulator = await startTestEmulator({ directory, now: () => now });
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

describe('an authentication context requested for the ID token', () => {
  const signInWithContext = async () => {
    const { browser } = await signInAs(emulator, app, ben.id);
    const { heading } = await browser.open(app.authorizeUrl({ claims: contextClaims }));
    const { redirectedTo } = await browser.press('factor', 'approve');
    return { heading, browser, tokens: await app.redeem(redirectedTo?.searchParams.get('code') ?? '') };
  };

  it('asks a signed-in user for a second factor, and is a list in the token', async () => {
    const { heading, tokens } = await signInWithContext();
    expect(heading).toBe('Approve sign-in');
    expect(claimsOf(tokens)['acrs']).toEqual(['c1']);
    expect(decodeJwt(tokenText(tokens, 'access_token'))).not.toHaveProperty('acrs');
  });

  it('stays in refreshed ID tokens of the sign-in, and is absent from a later sign-in without it', async () => {
    const { browser, tokens } = await signInWithContext();
    const refreshed = await app.refresh(tokenText(tokens, 'refresh_token'));
    expect(claimsOf(await app.refresh(tokenText(refreshed, 'refresh_token')))['acrs']).toEqual(['c1']);
    const { redirectedTo } = await browser.open(app.authorizeUrl());
    const next = await app.redeem(redirectedTo?.searchParams.get('code') ?? '');
    expect(claimsOf(next)).not.toHaveProperty('acrs');
  });

  it('is absent if it is requested for the access token only', async () => {
    const browser = createFormBrowser(emulator.origin);
    await browser.open(app.authorizeUrl({ claims: contextClaims.replace('id_token', 'access_token') }));
    await browser.press('account', ben.id);
    const { redirectedTo } = await browser.press('factor', 'approve');
    const tokens = await app.redeem(redirectedTo?.searchParams.get('code') ?? '');
    expect(claimsOf(tokens)).not.toHaveProperty('acrs');
  });

  it('refuses a refresh that requests it if the sign-in had no second factor: AADSTS50076', async () => {
    const { refreshToken } = await signInAs(emulator, app, ben.id);
    const { body } = await app.refresh(refreshToken, { claims: contextClaims });
    expect(body).toMatchObject({ error: 'interaction_required', error_codes: [50076] });
  });

  it('is refused with prompt=none: AADSTS50076', async () => {
    const { browser } = await signInAs(emulator, app, ben.id);
    const { redirectedTo } = await browser.open(app.authorizeUrl({ claims: contextClaims, prompt: 'none' }));
    expect(redirectedTo?.searchParams.get('error_description')).toContain('AADSTS50076');
  });
});

describe('auth_time', () => {
  it('is the time of the sign-in at the pages, in later sign-ins and refreshed ID tokens too', async () => {
    const { browser, refreshToken } = await signInAs(emulator, app, ben.id);
    passSeconds(600);
    const { redirectedTo } = await browser.open(app.authorizeUrl());
    const again = await app.redeem(redirectedTo?.searchParams.get('code') ?? '');
    expect(claimsOf(again)['auth_time']).toBe(epochSeconds(startedAt));
    expect(claimsOf(await app.refresh(refreshToken))['auth_time']).toBe(epochSeconds(startedAt));
  });

  it.each([
    ['prompt=login', { prompt: 'login' }],
    ['max_age=0', { max_age: '0' }],
    ['a max_age that has passed', { max_age: '599' }],
  ])('is new after %s, because the user signs in again', async (_what, changes) => {
    const { browser, refreshToken } = await signInAs(emulator, app, ben.id);
    passSeconds(600);
    expect((await browser.open(app.authorizeUrl(changes))).heading).toBe('Pick an account');
    const { redirectedTo } = await browser.press('account', ben.id);
    const again = await app.redeem(redirectedTo?.searchParams.get('code') ?? '');
    expect(claimsOf(again)['auth_time']).toBe(epochSeconds(now));
    const refreshed = await app.refresh(tokenText(again, 'refresh_token'));
    expect(claimsOf(refreshed)['auth_time']).toBe(epochSeconds(now));
    // The earlier sign-in is unchanged.
    expect(claimsOf(await app.refresh(refreshToken))['auth_time']).toBe(epochSeconds(startedAt));
  });

  it('is new after prompt=login with a typed address', async () => {
    const { browser } = await signInAs(emulator, app, ben.id);
    passSeconds(600);
    await browser.open(app.authorizeUrl({ prompt: 'login' }));
    const { redirectedTo } = await browser.press('username', '', { username: ben.username });
    const again = await app.redeem(redirectedTo?.searchParams.get('code') ?? '');
    expect(claimsOf(again)['auth_time']).toBe(epochSeconds(now));
  });

  it('asks for a new sign-in with max_age=0, however recent the last one is', async () => {
    const { browser } = await signInAs(emulator, app, ben.id);
    expect((await browser.open(app.authorizeUrl({ max_age: '0' }))).heading).toBe('Pick an account');
  });

  it('asks for no sign-in while the last one is younger than max_age', async () => {
    const { browser } = await signInAs(emulator, app, ben.id);
    passSeconds(600);
    const { redirectedTo } = await browser.open(app.authorizeUrl({ max_age: '600' }));
    expect(redirectedTo?.searchParams.has('code')).toBe(true);
  });

  it.each([
    ['login_required', { max_age: '60', prompt: 'none' }],
    ['invalid_request', { max_age: '-1' }],
    ['invalid_request', { max_age: 'soon' }],
  ])('returns the error %s if %o cannot be satisfied', async (error, changes) => {
    const { browser } = await signInAs(emulator, app, ben.id);
    passSeconds(61);
    const { redirectedTo } = await browser.open(app.authorizeUrl(changes));
    expect(redirectedTo?.searchParams.get('error')).toBe(error);
  });
});

describe('optional claims', () => {
  it('are in the ID token if the registration lists them', async () => {
    expect(await claimsAfterSignIn(ben.id)).toMatchObject({ sid: expect.any(String), acct: 0 });
  });

  it.each(['sid', 'auth_time', 'acrs'] as const)(
    '%s is absent if the registration does not list it',
    async (name) => {
      await emulator.close();
      await start({
        ...demoDirectory,
        registrations: demoDirectory.registrations.map((registration) => ({
          ...registration,
          optionalIdTokenClaims: registration.optionalIdTokenClaims.filter((claim) => claim !== name),
        })),
      });
      const browser = createFormBrowser(emulator.origin);
      await browser.open(app.authorizeUrl({ claims: contextClaims }));
      await browser.press('account', ben.id);
      const { redirectedTo: back } = await browser.press('factor', 'approve');
      const claims = claimsOf(await app.redeem(back?.searchParams.get('code') ?? ''));
      expect(['sid', 'auth_time', 'acrs'].filter((claim) => !(claim in claims))).toEqual([name]);
    },
  );

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

  it('include the groups that contain a group of the user', async () => {
    await emulator.close();
    const inOneGroup = { ...alice, groups: alice.groups.filter(({ name }) => name === 'Engineering') };
    await start({
      ...demoDirectory,
      users: demoDirectory.users.map((user) => (user.id === alice.id ? inOneGroup : user)),
    });
    expect((await claimsAfterSignIn(alice.id))['groups']).toHaveLength(2);
  });

  it('are replaced by an endpoint if there are more than the limit', async () => {
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

  it('are absent if there are none, also with a limit of 0', async () => {
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
      const browser = createFormBrowser(emulator.origin);
      await browser.open(fabrikam.authorizeUrl({ client_id: client.client_id }));
      const { redirectedTo } = await browser.press('account', userId);
      return claimsOf(await fabrikam.redeem(redirectedTo?.searchParams.get('code') ?? '', client));
    };
    for (const user of [fay, gus]) {
      const claims = await signInAtHome(user.id);
      expect(claims).not.toHaveProperty('_claim_names');
      expect(claims).toMatchObject({ acct: 0, tid: fay.homeTenantId });
    }
  });
});

describe('a guest', () => {
  it('has this tenant, another object id here, the home tenant as identity provider, and no role', async () => {
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

  it('differs from a member, who has no idp', async () => {
    expect(await claimsAfterSignIn(ben.id)).not.toHaveProperty('idp');
  });
});
