import { isAdministratorOf, type SignInService, type User } from '@entra-bff/directory';
import type { Caller } from './access-token.ts';
import { findUser } from './directory/users.ts';
import type { Graph } from './graph.ts';
import type { QueryOptions } from './odata/options.ts';
import { GraphError } from './reply.ts';

/** One authenticated call. */
export interface GraphCall extends Omit<Graph, 'now'> {
  readonly method: string;
  readonly version: 'v1.0' | 'beta';
  /** Below the version, byte for byte, without the segment `/$count`. */
  readonly path: string;
  /** The path ends with `/$count`: the reply is the number of items as text. */
  readonly countsOnly: boolean;
  readonly options: QueryOptions;
  /** Names are in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly caller: Caller;
  readonly now: Date;
}

export function me(call: GraphCall): User {
  return requireUser(call, call.caller.userId);
}

/** @param key object id or principal name */
export function requireUser({ directory, caller }: GraphCall, key: string): User {
  const user = findUser(directory, caller.tenantId, key);
  if (user === undefined) throw notFound(key);
  return user;
}

/** The app's permission is not enough: the user must hold a directory role. An app role does not count. */
export function requireDirectoryRole(call: GraphCall): void {
  if (call.switches.directoryRolesMissing || !isAdministratorOf(me(call), call.caller.tenantId))
    throw requestDenied();
}

export function requestDenied(): GraphError {
  return new GraphError(
    403,
    'Authorization_RequestDenied',
    'Insufficient privileges to complete the operation.',
  );
}

/** @throws {GraphError} if the emulator was started without a sign-in service */
export function requireSignInService({ signInService }: GraphCall): SignInService {
  if (signInService === undefined)
    throw new GraphError(501, 'NotImplemented', 'This emulator was started without a sign-in service.');
  return signInService;
}

export function notFound(key: string): GraphError {
  return new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${key}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

export function itemNotFound(): GraphError {
  return new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
}

/** Returns the value of one preference in `Prefer`, for example of `outlook.timezone`. */
export function preference({ headers }: GraphCall, name: string): string | undefined {
  const escaped = name.replaceAll('.', '\\.');
  const found = new RegExp(`(?:^|[,;])\\s*${escaped}\\s*=\\s*(?:"([^"]*)"|([^,;\\s]+))`, 'i').exec(
    headers.get('prefer') ?? '',
  );
  return found?.[1] ?? found?.[2];
}
