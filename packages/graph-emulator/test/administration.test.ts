import { demoClient, demoDirectory, demoUsers, graphResourceId, objectIdIn } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import {
  consentTo,
  createOAuthClient,
  type OAuthClient,
  signInAs,
  startTestEmulator,
  tokenText,
} from '@entra-bff/entra-emulator/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { callAs } from './caller.ts';

const { alice, ben, gus, mia } = demoUsers;
const denied = { status: 403, body: { error: { code: 'Authorization_RequestDenied' } } };
const grantsOfApp = `GET /servicePrincipals(appId='${demoClient.clientId}')/oauth2PermissionGrants`;

let entra: EntraEmulator;
let graph: GraphEmulator;
let app: OAuthClient;

beforeEach(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
  app = createOAuthClient(entra);
});
afterEach(() => Promise.all([entra.close(), graph.close()]));

type CallingUser = Parameters<typeof callAs>[1];

describe('revokeSignInSessions', () => {
  const revoke = (user: string, by: CallingUser = alice, scopes = 'User.RevokeSessions.All') =>
    callAs({ entra, graph }, by, scopes, `POST /${user}/revokeSignInSessions`);

  it('revokes the refresh tokens and sign-ins of that user only: AADSTS50173', async () => {
    consentTo(entra);
    const { browser, refreshToken } = await signInAs(entra, app, ben.id);
    const { refreshToken: alices } = await signInAs(entra, app, alice.id);
    expect(await revoke(`users/${ben.username}`)).toMatchObject({ status: 200, body: { value: true } });
    expect((await app.refresh(refreshToken)).body).toMatchObject({
      error: 'invalid_grant',
      error_codes: [50173],
    });
    expect((await browser.open(app.authorizeUrl())).heading).toBe('Pick an account');
    expect((await app.refresh(alices)).status).toBe(200);
  });

  it('revokes access tokens at Graph too, by continuous access evaluation', async () => {
    await revoke(`users/${ben.id}`);
    expect((await callAs({ entra, graph }, ben, 'User.Read', 'GET /me')).status).toBe(401);
    expect((await callAs({ entra, graph }, alice, 'User.Read', 'GET /me')).status).toBe(200);
  });

  it('succeeds for a guest but revokes nothing, because guests sign in at the home tenant', async () => {
    consentTo(entra);
    const { refreshToken } = await signInAs(entra, app, gus.id);
    const id = objectIdIn(gus, demoClient.tenantId);
    expect(await revoke(`users/${id}`)).toMatchObject({ status: 200, body: { value: true } });
    expect((await app.refresh(refreshToken)).status).toBe(200);
  });

  it.each(['me', `users/${ben.id}`])('needs no role for the caller’s own sessions: %s', async (user) => {
    consentTo(entra);
    const { refreshToken } = await signInAs(entra, app, ben.id);
    expect((await revoke(user, ben)).status).toBe(200);
    expect((await app.refresh(refreshToken)).status).toBe(400);
  });

  describe('refuses', () => {
    it('a caller without a directory role, even with an app role', async () => {
      entra.roles.grant({ userId: ben.id, role: 'Admin' });
      expect(await revoke(`users/${mia.id}`, ben)).toMatchObject(denied);
    });

    it('an administrator of another tenant, and an app without the permission', async () => {
      expect(await revoke(`users/${mia.id}`, gus)).toMatchObject(denied);
      expect(await revoke(`users/${mia.id}`, alice, 'User.Read.All')).toMatchObject(denied);
    });

    it('every caller if the switch is on', async () => {
      const body = new URLSearchParams({ action: 'save', directoryRolesMissing: 'yes' });
      await fetch(`${graph.origin}/switches`, { method: 'POST', body });
      expect(await revoke(`users/${mia.id}`)).toMatchObject(denied);
    });

    it('an unknown user', async () => {
      expect((await revoke(`users/${demoUsers.fay.id}`)).status).toBe(404);
    });

    it('with 501 if the emulator was started without a sign-in service', async () => {
      const elsewhere = { ...entra, origin: entra.origin.replace('127.0.0.1', 'localhost') };
      const alone = await startGraphEmulator({
        directory: demoDirectory,
        entra: { origin: elsewhere.origin },
      });
      const call = `POST /users/${ben.id}/revokeSignInSessions`;
      const answer = await callAs({ entra: elsewhere, graph: alone }, alice, 'User.RevokeSessions.All', call);
      expect(answer.status).toBe(501);
      await alone.close();
    });
  });
});

describe('oauth2PermissionGrants', () => {
  const asAdministrator = (call: string) =>
    callAs({ entra, graph }, alice, 'DelegatedPermissionGrant.ReadWrite.All', call);
  const grantsIn = (body: unknown): Record<string, unknown>[] => {
    if (typeof body !== 'object' || body === null || !('value' in body) || !Array.isArray(body.value))
      throw new Error('The answer is no list.');
    return body.value;
  };
  const grantsOf = async (call: string) => grantsIn((await asAdministrator(call)).body);
  const { tenantId, clientId } = demoClient;

  beforeEach(() => {
    entra.consents.grant({ tenantId, clientId, userId: ben.id, scopes: ['openid', 'offline_access'] });
    entra.consents.grant({ tenantId, clientId, userId: ben.id, scopes: ['User.Read', 'Mail.Read'] });
    entra.consents.grant({
      tenantId,
      clientId,
      userId: ben.id,
      scopes: ['api://contoso-orders/Orders.Read'],
    });
    entra.consents.grant({ tenantId, clientId, scopes: ['profile', 'Files.Read'] });
  });

  it('are the consents to an app, one for each user or organization and API', async () => {
    const grants = await grantsOf(grantsOfApp);
    const [first] = grants;
    expect(first?.['clientId']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(first?.['clientId']).not.toBe(clientId);
    expect(new Set(grants.map((grant) => grant['clientId'])).size).toBe(1);
    expect(new Set(grants.map((grant) => grant['id'])).size).toBe(3);
    const facts = grants.map(({ consentType, principalId, scope }) => [consentType, principalId, scope]);
    expect(facts).toEqual([
      ['Principal', ben.id, 'openid offline_access User.Read Mail.Read'],
      ['Principal', ben.id, 'Orders.Read'],
      ['AllPrincipals', null, 'profile Files.Read'],
    ]);
    expect(first?.['resourceId']).not.toBe(graphResourceId);
  });

  it('are found by percent-encoded app id, and are empty for an app without consents', async () => {
    const encoded = grantsOfApp.replaceAll("'", '%27').replace('(', '%28').replace(')', '%29');
    expect(await grantsOf(encoded)).toHaveLength(3);
    const [, shared] = demoDirectory.registrations;
    expect(await grantsOf(grantsOfApp.replace(clientId, shared?.clientId ?? ''))).toEqual([]);
  });

  it('are found by user, for a guest by the object id in this tenant', async () => {
    expect(await grantsOf(`GET /users/${ben.id}/oauth2PermissionGrants`)).toHaveLength(2);
    entra.consents.grant({ tenantId, clientId, userId: gus.id, scopes: ['User.Read'] });
    const id = objectIdIn(gus, tenantId);
    expect(await grantsOf(`GET /users/${id}/oauth2PermissionGrants`)).toMatchObject([{ principalId: id }]);
  });

  it('make the next refresh need consent again when deleted: AADSTS65001', async () => {
    const { browser, tokens } = await signInAs(entra, app, ben.id, {
      scope: 'openid offline_access Mail.Read',
    });
    const refreshToken = tokenText(tokens, 'refresh_token');
    const [grant] = await grantsOf(`GET /users/${ben.id}/oauth2PermissionGrants`);
    expect(await asAdministrator(`DELETE /oauth2PermissionGrants/${grant?.['id']}`)).toEqual({
      status: 204,
      body: undefined,
    });
    expect((await app.refresh(refreshToken, { scope: 'openid Mail.Read' })).body).toMatchObject({
      error_codes: [65001],
      suberror: 'consent_required',
    });
    expect((await browser.open(app.authorizeUrl())).heading).toBe('Permissions requested');
    const rest = await grantsOf(grantsOfApp);
    expect(rest.map(({ scope }) => scope)).toEqual(['Orders.Read', 'profile Files.Read']);
    expect((await asAdministrator(`DELETE /oauth2PermissionGrants/${grant?.['id']}`)).status).toBe(404);
  });

  it('of the whole organization can be deleted', async () => {
    const grant = (await grantsOf(grantsOfApp)).find(({ consentType }) => consentType === 'AllPrincipals');
    expect((await asAdministrator(`DELETE /oauth2PermissionGrants/${grant?.['id']}`)).status).toBe(204);
    expect(entra.consents.list().map(({ userId }) => userId)).toEqual([ben.id]);
  });

  it('of other tenants can be neither listed nor deleted', async () => {
    const [, shared] = demoDirectory.registrations;
    if (shared === undefined) throw new Error('The directory has no app for several organizations.');
    const ofShared = grantsOfApp.replace(clientId, shared.clientId);
    const { fay } = demoUsers;
    entra.consents.grant({ tenantId: fay.homeTenantId, clientId: shared.clientId, scopes: ['User.Read'] });
    const scope = 'DelegatedPermissionGrant.ReadWrite.All';
    const [fays, ...others] = grantsIn((await callAs({ entra, graph }, fay, scope, ofShared)).body);
    expect([fays?.['scope'], others]).toEqual(['User.Read', []]);
    expect(await grantsOf(ofShared)).toEqual([]);
    expect((await asAdministrator(`DELETE /oauth2PermissionGrants/${fays?.['id']}`)).status).toBe(404);
  });

  describe('refuses', () => {
    it.each([grantsOfApp, `GET /users/${ben.id}/oauth2PermissionGrants`, 'DELETE /oauth2PermissionGrants/x'])(
      'a user without a directory role, and an app without the permission: %s',
      async (call) => {
        const allScopes = 'DelegatedPermissionGrant.ReadWrite.All';
        expect(await callAs({ entra, graph }, mia, allScopes, call)).toMatchObject(denied);
        expect(await callAs({ entra, graph }, alice, 'User.Read.All', call)).toMatchObject(denied);
      },
    );

    it('to delete with a read permission', async () => {
      const call = 'DELETE /oauth2PermissionGrants/x';
      expect(await callAs({ entra, graph }, alice, 'Directory.Read.All', call)).toMatchObject(denied);
    });

    it('unknown ids', async () => {
      const unknown = grantsOfApp.replace(clientId, '00000000-0000-0000-0000-000000000000');
      for (const call of [unknown, 'DELETE /oauth2PermissionGrants/x'])
        expect(await asAdministrator(call)).toMatchObject({
          status: 404,
          body: { error: { code: 'Request_ResourceNotFound' } },
        });
    });
  });
});
