import type { Directory, Registration, Tenant, User } from '@entra-bff/directory';
import type { AnsweredForms } from './answered-forms.ts';
import type { ApprovalStore } from './approvals.ts';
import type { BrowserStore } from './browsers.ts';
import type { ConsentStore } from './consents.ts';
import type { GrantStore } from './grants.ts';
import type { Intercept } from './intercept.ts';
import type { KeyRing } from './keys.ts';
import type { RoleStore } from './roles.ts';
import type { Switches } from './switches.ts';

/** Everything that one running emulator knows. */
export interface Authority {
  readonly origin: string;
  /** The app that uses this emulator. The switches page links to it. */
  readonly appUrl: string | undefined;
  readonly directory: Directory;
  readonly now: () => Date;
  readonly switches: Switches;
  readonly keys: KeyRing;
  readonly consents: ConsentStore;
  readonly roles: RoleStore;
  /** Ids of users whose accounts are disabled. */
  readonly blockedUsers: Set<string>;
  /** Ids of users whose passwords have expired and who have not updated them on the page. */
  readonly expiredPasswords: Set<string>;
  readonly approvals: ApprovalStore;
  readonly answeredForms: AnsweredForms;
  readonly grants: GrantStore;
  readonly browsers: BrowserStore;
  readonly intercept: Intercept;
}

/** The tenant segment of a URL: one tenant, or any tenant that the user belongs to. */
export type TenantChoice = { readonly kind: 'one'; readonly tenant: Tenant } | { readonly kind: 'any' };

/** Parses the first segment of a URL: a tenant's id or domain, `common` or `organizations`. */
export function parseTenant(authority: Authority, segment: string): TenantChoice | undefined {
  const name = segment.toLowerCase();
  if (name === 'common' || name === 'organizations') return { kind: 'any' };
  const tenant = authority.directory.tenants.find((known) => known.id === name || known.domain === name);
  return tenant && { kind: 'one', tenant };
}

/** A tenant as errors name it. */
export const tenantName = (tenant: TenantChoice) =>
  tenant.kind === 'one' ? tenant.tenant.id : 'organizations';

export function issuerOf(authority: Authority, tenantId: string): string {
  return `${authority.origin}/${tenantId}/v2.0`;
}

/** For any tenant, Entra ID leaves `{tenantid}` in the issuer. A verifier replaces it with the `tid` of the token. */
export function issuerFor(authority: Authority, tenant: TenantChoice): string {
  return issuerOf(authority, tenant.kind === 'one' ? tenant.tenant.id : '{tenantid}');
}

export function findRegistration(authority: Authority, clientId: string): Registration | undefined {
  return authority.directory.registrations.find((known) => known.clientId === clientId);
}

export function findUserByName(authority: Authority, username: string): User | undefined {
  return authority.directory.users.find((user) => user.username === username.trim().toLowerCase());
}
