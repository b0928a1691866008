import { demoClient, type demoUsers, graphResourceId, objectIdIn } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import type { GraphEmulator } from '../src/emulator.ts';

/** Calls Graph as the user, in Contoso for its members and guests, otherwise in the home tenant, with a token for these permissions. */
export async function callAs(
  { entra, graph }: { entra: EntraEmulator; graph: GraphEmulator },
  user: (typeof demoUsers)[keyof typeof demoUsers],
  scopes: string,
  call: string,
  body?: object,
): Promise<{ status: number; body: unknown }> {
  const [method = '', path = ''] = call.split(' ', 2);
  const tenantId = objectIdIn(user, demoClient.tenantId) ? demoClient.tenantId : user.homeTenantId;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const token = await entra.signIdToken({
    aud: graphResourceId,
    iss: `${entra.origin}/${tenantId}/v2.0`,
    tid: tenantId,
    oid: objectIdIn(user, tenantId),
    scp: scopes,
    nbf: nowSeconds - 60, // before every revocation of the test
    exp: nowSeconds + 600,
  });
  const response = await fetch(`${graph.origin}/v1.0${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, body: parsed };
}
