import type { EmulatorRequest, Reply } from '@entra-bff/emulator-kit';
import { handleAdminConsent } from './admin-consent.ts';
import type { Authority } from './authority.ts';
import { handleAuthorize } from './authorize.ts';
import { handleDiscovery, handleKeys } from './discovery.ts';
import { handleHome } from './home-page.ts';
import { handleLogout } from './logout.ts';
import type { RequestKind } from './recorded-requests.ts';
import { handleSwitches } from './switches-page.ts';
import { handleToken } from './token.ts';

export interface Route {
  readonly kind?: RequestKind;
  /** An app's server sends the requests, not a browser. The switches for outages apply. */
  readonly isForServers: boolean;
  readonly handle: (authority: Authority, request: EmulatorRequest) => Reply | Promise<Reply>;
}

export function findRoute(path: string): Route | undefined {
  if (path === '/') return { isForServers: false, handle: handleHome };
  if (path === '/switches') return { isForServers: false, handle: handleSwitches };
  const [, tenant, rest] = /^\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (tenant === undefined) return undefined;
  switch (rest) {
    case 'oauth2/v2.0/authorize':
      return {
        kind: 'authorize',
        isForServers: false,
        handle: (authority, request) => handleAuthorize(authority, tenant, request),
      };
    case 'oauth2/v2.0/token':
      return {
        kind: 'token',
        isForServers: true,
        handle: (authority, request) => handleToken(authority, tenant, request),
      };
    case 'oauth2/v2.0/logout':
      return { kind: 'logout', isForServers: false, handle: handleLogout };
    case 'v2.0/adminconsent':
      return {
        kind: 'admin-consent',
        isForServers: false,
        handle: (authority, request) => handleAdminConsent(authority, tenant, request),
      };
    case 'discovery/v2.0/keys':
      return { kind: 'keys', isForServers: true, handle: (authority) => handleKeys(authority, tenant) };
    case 'v2.0/.well-known/openid-configuration':
      return {
        kind: 'discovery',
        isForServers: true,
        handle: (authority) => handleDiscovery(authority, tenant),
      };
    default:
      return undefined;
  }
}
