import { jsonReply, type Reply } from '@entra-bff/emulator-kit';
import { type Authority, issuerFor, parseTenant } from './authority.ts';
import { errors, toErrorBody } from './errors.ts';

function tenantUnknown(authority: Authority, segment: string): Reply {
  return jsonReply(400, toErrorBody(errors.tenantUnknown(segment), authority.now()));
}

export function handleDiscovery(authority: Authority, tenantSegment: string): Reply {
  const tenant = parseTenant(authority, tenantSegment);
  if (tenant === undefined) return tenantUnknown(authority, tenantSegment);
  const base = `${authority.origin}/${tenant.kind === 'one' ? tenant.tenant.id : tenantSegment}`;
  return jsonReply(200, {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: issuerFor(authority, tenant),
    request_uri_parameter_supported: false,
    ...(authority.switches.issuerInResponse === 'absent'
      ? {}
      : { authorization_response_iss_parameter_supported: true }),
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    claims_supported: [
      'sub',
      'iss',
      'aud',
      'exp',
      'iat',
      'auth_time',
      'nonce',
      'preferred_username',
      'name',
      'tid',
      'ver',
    ],
    tenant_region_scope: null,
  });
}

export function handleKeys(authority: Authority, tenantSegment: string): Reply {
  const tenant = parseTenant(authority, tenantSegment);
  if (tenant === undefined) return tenantUnknown(authority, tenantSegment);
  const reply = jsonReply(200, { keys: authority.keys.published(issuerFor(authority, tenant)) });
  return authority.intercept.keys?.(reply) ?? reply;
}
