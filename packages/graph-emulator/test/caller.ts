import { demoClient, type demoUsers, graphResourceId, objectIdIn } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import type { GraphEmulator } from '../src/emulator.ts';

type DemoUser = (typeof demoUsers)[keyof typeof demoUsers];

interface Emulators {
  readonly entra: EntraEmulator;
  readonly graph: GraphEmulator;
}

/** Calls Graph as the user, in Contoso for its members and guests, otherwise in the home tenant, with a token for these permissions. */
export async function callAs(
  emulators: Emulators,
  user: DemoUser,
  scopes: string,
  call: string,
  body?: object,
): Promise<{ status: number; body: unknown }> {
  const response = await send(emulators, { user, scopes, call, ...(body && { body: JSON.stringify(body) }) });
  const text = await response.text();
  const parsed: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, body: parsed };
}

/** One call of a test. */
export interface Sent {
  readonly user: DemoUser;
  readonly scopes: string;
  /** For example `GET /me`, below v1.0, or a whole address. */
  readonly call: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function send({ entra, graph }: Emulators, sent: Sent): Promise<Response> {
  const [method = '', path = ''] = sent.call.split(/ (.*)/s, 2);
  const tenantId = objectIdIn(sent.user, demoClient.tenantId) ? demoClient.tenantId : sent.user.homeTenantId;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const token = await entra.signIdToken({
    aud: graphResourceId,
    iss: `${entra.origin}/${tenantId}/v2.0`,
    tid: tenantId,
    oid: objectIdIn(sent.user, tenantId),
    scp: sent.scopes,
    nbf: nowSeconds - 60, // before every revocation of the test
    exp: nowSeconds + 600,
  });
  return fetch(path.startsWith('http') ? path : `${graph.origin}/v1.0${path}`, {
    method,
    headers: { ...sent.headers, authorization: `Bearer ${token}` },
    redirect: 'manual',
    ...(sent.body === undefined ? {} : { body: sent.body }),
  });
}

/** A list, an entity or an error, as far as tests read it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & {
    readonly id?: string;
    readonly value?: readonly (Record<string, unknown> & { readonly id: string })[];
    readonly '@odata.nextLink'?: string;
    readonly '@odata.deltaLink'?: string;
    readonly error?: { readonly code: string; readonly message: string };
  };
}

/** Returns a function that calls Graph as one user with all permissions that the tests need. */
export function callerOf(emulators: Emulators, user: DemoUser, scopes: string) {
  return async (call: string, body?: object, headers: Sent['headers'] = {}): Promise<Answer> => {
    const response = await send(emulators, {
      user,
      scopes,
      call,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed: Answer['body'] = text.startsWith('{') ? JSON.parse(text) : { text };
    return { status: response.status, headers: response.headers, body: parsed };
  };
}

/** Reads all pages of a list by their links. */
export async function readAll(
  call: (call: string) => Promise<Answer>,
  path: string,
): Promise<{
  readonly items: readonly (Record<string, unknown> & { readonly id: string })[];
  readonly last: Answer;
}> {
  const items = [];
  let last = await call(`GET ${path}`);
  items.push(...(last.body.value ?? []));
  while (last.body['@odata.nextLink'] !== undefined) {
    last = await call(`GET ${last.body['@odata.nextLink']}`);
    items.push(...(last.body.value ?? []));
  }
  return { items, last };
}
