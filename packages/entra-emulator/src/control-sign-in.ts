import { objectIdIn, type User } from '@entra-bff/directory';
import { type EmulatorRequest, jsonReply, type Reply, readMembers, readYesNo } from '@entra-bff/emulator-kit';
import type { Authority } from './authority.ts';
import { cookieName, signIn } from './browsers.ts';
import { readScopes, requireUser } from './control-user.ts';

/** What every sign-in of the service asks for. */
const basicScopes = ['openid', 'profile', 'email', 'offline_access', 'User.Read'];

/**
 * Signs a user in at the emulator without any page, in the browser that sends the request, or in a new one. The response
 * sets the browser's cookie, and describes it for programs that add it to another browser. The user then comes back from
 * the authorize endpoint at once.
 */
export function handleSignIn(authority: Authority, body: unknown, request: EmulatorRequest): Reply {
  const members = readMembers(body, ['user', 'consent', 'scopes', 'secondFactor']);
  const user = requireUser(authority, members);
  const scopes = readScopes(authority, members) ?? [];
  const withSecondFactor = readYesNo(members, 'secondFactor') ?? user.asksForSecondFactor;
  if (readYesNo(members, 'consent') ?? true) consentTo(authority, user, [...basicScopes, ...scopes]);

  const browser = authority.browsers.open(request.headers);
  // With two accounts, the authorize endpoint would ask which one to use.
  for (const id of browser.accounts.keys()) if (id !== user.id) browser.accounts.delete(id);
  signIn(browser, user, { now: authority.now(), withSecondFactor, withExternalChallenge: false });
  const headers = authority.browsers.keep(browser);
  const { id, username, name } = user;
  const cookie = {
    name: cookieName,
    value: browser.id,
    domain: new URL(authority.origin).hostname,
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
  };
  return jsonReply(200, { user: { id, username, name }, cookie }, headers);
}

/** The user accepts the scopes for every app, in every tenant that knows the user. */
function consentTo({ directory, consents }: Authority, user: User, scopes: readonly string[]): void {
  for (const { clientId } of directory.registrations)
    for (const { id: tenantId } of directory.tenants)
      if (objectIdIn(user, tenantId) !== undefined)
        consents.grant({ tenantId, clientId, userId: user.id, scopes });
}
