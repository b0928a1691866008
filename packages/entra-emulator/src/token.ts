import { type EmulatorRequest, jsonReply, type Reply } from '@entra-bff/emulator-kit';
import { type Authority, parseTenant } from './authority.ts';
import { authenticateClient } from './client-authentication.ts';
import { EntraRefusal, errors, toErrorBody } from './errors.ts';
import type { TokenContext } from './intercept.ts';
import { issueAppToken } from './issue-app-token.ts';
import { issueTokens } from './issue-tokens.ts';
import { redeem } from './redeem.ts';

/** The token endpoint. It redeems authorization codes and refresh tokens, and issues tokens of the app itself. */
export async function handleToken(
  authority: Authority,
  tenantSegment: string,
  request: EmulatorRequest,
): Promise<Reply> {
  const { form, method, path, query } = request;
  let context: TokenContext | undefined;
  let reply: Reply;
  try {
    if (method !== 'POST') throw new EntraRefusal(errors.methodNotAllowed(method));
    const tenant = parseTenant(authority, tenantSegment);
    if (tenant === undefined) throw new EntraRefusal(errors.tenantUnknown(tenantSegment));

    const registration = await authenticateClient(authority, form, `${authority.origin}${path}`);
    if (form.get('grant_type') === 'client_credentials') {
      reply = jsonReply(200, await issueAppToken(authority, registration, tenant, form));
    } else {
      const redeemed = redeem(authority, registration, form);
      const { grant, grantType, nonce } = redeemed;
      context = { grantType, user: grant.user, registration, nonce, form: Object.fromEntries(form) };
      if (tenant.kind === 'one' && tenant.tenant.id !== grant.tenantId)
        throw new EntraRefusal(errors.grantInvalid('The grant was issued for another tenant.'));
      reply = jsonReply(200, await issueTokens(authority, redeemed, form, context));
    }
  } catch (cause) {
    if (!(cause instanceof EntraRefusal)) throw cause;
    const correlationId = query.get('client-request-id') ?? form.get('client-request-id') ?? undefined;
    const { entraError } = cause;
    reply = jsonReply(entraError.status, toErrorBody(entraError, authority.now(), correlationId));
  }
  return (await authority.intercept.tokenResponse?.(reply, context)) ?? reply;
}
