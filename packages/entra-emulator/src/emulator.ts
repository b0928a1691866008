import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Directory, Registration } from '@entra-bff/directory';
import {
  type EmulatorRequest,
  jsonReply,
  type Reply,
  readRequest,
  redirectTo,
  sendReply,
} from '@entra-bff/emulator-kit';
import type { JWTPayload } from 'jose';
import { type ApprovalStore, createApprovalStore } from './approvals.ts';
import type { Authority } from './authority.ts';
import { isAnswer } from './authorize.ts';
import { createBrowserStore } from './browsers.ts';
import { type Consent, createConsentStore } from './consents.ts';
import { type Ending, endSignIns } from './ended-sign-ins.ts';
import { errors, toErrorBody } from './errors.ts';
import { createGrantStore } from './grants.ts';
import type { Intercept } from './intercept.ts';
import { createKeyRing, type SigningKey } from './keys.ts';
import { type RecordedRequest, type RequestKind, recordRequest } from './recorded-requests.ts';
import { createRoleStore, type RoleAssignment } from './roles.ts';
import { findRoute, type Route } from './routes.ts';
import { announceSignInService, retireSignInService } from './sign-in-service.ts';
import { defaultEntraSwitches, type Switches } from './switches.ts';

export interface EntraEmulator {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly directory: Directory;
  readonly switches: Switches;
  /** Everything that was asked, oldest first. */
  readonly requests: RecordedRequest[];
  count(kind: RequestKind, grantType?: string): number;
  readonly consents: {
    list(): Consent[];
    /** As if the page had been answered before. */
    grant(consent: Consent): void;
    revoke(userId: string): void;
    /** Takes these permissions back from everybody and every organization. */
    withdraw(scopes: readonly string[]): void;
  };
  /** App roles: a change shows in the next ID token. */
  readonly roles: {
    of(userId: string, registration: Registration): string[];
    grant(assignment: RoleAssignment): void;
    remove(assignment: RoleAssignment): void;
  };
  /** Users whose sign-ins and refreshes are refused: AADSTS50057. */
  readonly blockedUsers: Set<string>;
  /** Users who have to update their passwords on a page first: AADSTS50055. */
  readonly expiredPasswords: Set<string>;
  /** What people asked administrators to consent to. */
  readonly approvals: Pick<ApprovalStore, 'list'>;
  rotateKeys(): Promise<void>;
  /** As after a password change: what this user's sign-ins have issued so far is refused. */
  revokeRefreshTokens(userId: string): void;
  /** Refuses what this user's sign-ins, or everybody's, have issued so far; the next sign-in works. */
  endSignIns(ending: Ending, userId?: string): void;
  /** Every browser has to pick an account again. */
  signEverybodyOut(): void;
  readonly intercept: Intercept;
  /** The key that signs now, to mint tokens that are properly signed and still wrong. */
  signingKey(): SigningKey;
  signIdToken(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

/** Starts an authority shaped like Entra on plain HTTP, for this computer only. Port 0 takes a free one. */
export async function startEntraEmulator(options: {
  directory: Directory;
  port?: number;
  now?: () => Date;
}): Promise<EntraEmulator> {
  const { directory, port = 0, now = () => new Date() } = options;
  const server = createServer();
  const keys = await createKeyRing();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });

  const authority: Authority = {
    origin: `http://127.0.0.1:${portOf(server.address())}`,
    directory,
    now,
    switches: defaultEntraSwitches(),
    keys,
    consents: createConsentStore(directory),
    roles: createRoleStore(directory),
    blockedUsers: new Set(),
    expiredPasswords: new Set(),
    approvals: createApprovalStore(),
    grants: createGrantStore(),
    browsers: createBrowserStore(),
    intercept: {},
  };
  announceSignInService(authority);
  const requests: RecordedRequest[] = [];

  server.on('request', (incoming, response) => {
    // The emulator's own clock, which a test may move.
    response.setHeader('date', now().toUTCString());
    readRequest(incoming)
      .then(async (request) => {
        const route = findRoute(request.path);
        // Answers on the sign-in pages are not counted: a test counts what the app asked.
        if (route?.kind !== undefined && !isAnswer(request))
          requests.push(recordRequest(route.kind, request, now()));
        sendReply(response, await answer(authority, route, request));
      })
      .catch((cause: unknown) => {
        // A client that hung up is no failure of ours.
        if (!incoming.destroyed || incoming.complete)
          console.error('The Entra emulator failed on a request.', cause);
        response.destroy();
      });
  });

  return {
    origin: authority.origin,
    directory,
    switches: authority.switches,
    requests,
    count: (kind, grantType) =>
      requests.filter((one) => one.kind === kind && (grantType === undefined || one.grantType === grantType))
        .length,
    consents: authority.consents,
    roles: authority.roles,
    blockedUsers: authority.blockedUsers,
    expiredPasswords: authority.expiredPasswords,
    approvals: authority.approvals,
    rotateKeys: keys.rotate,
    revokeRefreshTokens: (userId) => authority.grants.end('revoked', userId),
    endSignIns: (ending, userId) => endSignIns(authority, ending, userId),
    signEverybodyOut: () => authority.browsers.signOut(),
    intercept: authority.intercept,
    signingKey: keys.signer,
    signIdToken: keys.sign,
    close: () =>
      new Promise((resolve, reject) => {
        retireSignInService(authority);
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

async function answer(
  authority: Authority,
  route: Route | undefined,
  request: EmulatorRequest,
): Promise<Reply> {
  if (route === undefined)
    return jsonReply(404, { error: 'not_found', error_description: 'No such address.' });
  if (!route.isForServers) {
    // Pages work at one address only: under another name their cookie is missing and their forms are refused.
    const isMisaddressed = request.method === 'GET' && `http://${request.headers.host}` !== authority.origin;
    if (isMisaddressed) return redirectTo(`${authority.origin}${request.path}?${request.query}`);
    return withOpenerPolicy(authority, route, await route.handle(authority, request));
  }
  const { switches } = authority;
  if (switches.slowMs > 0) await delay(switches.slowMs, undefined, { ref: false });
  return outageReply(authority) ?? route.handle(authority, request);
}

/** Entra isolates its pages: a popup's opener loses sight of it as soon as it gets there. */
function withOpenerPolicy({ switches }: Authority, { kind }: Route, reply: Reply): Reply {
  return kind === undefined
    ? reply
    : { ...reply, headers: { ...reply.headers, 'cross-origin-opener-policy': switches.openerPolicy } };
}

/** Pages stay up in an outage, so that a person can end it; what an app's server asks does not. */
function outageReply({ switches, now }: Authority): Reply | undefined {
  const { outage, throttledRetryAfterSeconds } = switches;
  if (outage === 'html-502')
    return {
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
    };
  if (outage === 'json-503') return jsonReply(503, toErrorBody(errors.temporarilyUnavailable(), now()));
  if (throttledRetryAfterSeconds > 0)
    return jsonReply(429, toErrorBody(errors.throttled(), now()), {
      'retry-after': String(throttledRetryAfterSeconds),
    });
  return undefined;
}
