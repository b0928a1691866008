import { randomBytes } from 'node:crypto';
import type { Registration } from '@entra-bff/directory';
import { type Authority, issuerOf, type TenantChoice } from './authority.ts';
import { EntraRefusal, errors } from './errors.ts';
import { timesOf } from './tokens.ts';

const DEFAULT_PERMISSIONS = '/.default';

/**
 * Returns the token response of an app that asks for itself (client credentials). The app has no application permissions,
 * so an API can do nothing with the token.
 * @throws {EntraRefusal} if the scope is not an API's URL with `/.default`
 */
export async function issueAppToken(
  authority: Authority,
  registration: Registration,
  tenant: TenantChoice,
  form: URLSearchParams,
): Promise<Record<string, unknown>> {
  const scope = form.get('scope') ?? '';
  const resource = authority.directory.resources.find(({ uri }) => `${uri}${DEFAULT_PERMISSIONS}` === scope);
  if (resource === undefined) throw new EntraRefusal(errors.scopeInvalid(scope));
  if (tenant.kind !== 'one') throw new EntraRefusal(errors.tenantUnknown('organizations'));
  const { accessTokenLifetimeSeconds: lifetimeSeconds } = authority.switches;
  const accessToken = await authority.keys.sign({
    aud: resource.id,
    iss: issuerOf(authority, tenant.tenant.id),
    ...timesOf(authority, lifetimeSeconds),
    appid: registration.clientId,
    idtyp: 'app',
    tid: tenant.tenant.id,
    uti: randomBytes(16).toString('base64url'),
    ver: '2.0',
  });
  return {
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: accessToken,
  };
}
