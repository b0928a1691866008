import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Consent, Directory, Registration, SignInService } from '@entra-bff/directory';
import {
  type ControlEndpoints,
  controlPrefix,
  type EmulatorRequest,
  handleControl,
  jsonReply,
  listenLocally,
  type Reply,
  readRequest,
  redirectTo,
  sendReply,
} from '@entra-bff/emulator-kit';
import type { JWTPayload } from 'jose';
import { createAnsweredForms } from './answered-forms.ts';
import { type ApprovalStore, createApprovalStore } from './approvals.ts';
import type { Authority } from './authority.ts';
import { createBrowserStore } from './browsers.ts';
import { createConsentStore } from './consents.ts';
import { controlEndpoints } from './control.ts';
import { endSignIns } from './ended-sign-ins.ts';
import { errors, toErrorBody } from './errors.ts';
import { createGrantStore } from './grants.ts';
import type { Intercept } from './intercept.ts';
import { createKeyRing, createSigningKeys, type SigningKey, type SigningKeys } from './keys.ts';
import { type RecordedRequest, type RequestKind, recordRequest } from './recorded-requests.ts';
import { createRoleStore, type RoleAssignment } from './roles.ts';
import { findRoute, type Route } from './routes.ts';
import type { SignInEnding } from './sign-in-ending.ts';
import { findForm } from './sign-in-form.ts';
import { defaultEntraSwitches, type Switches } from './switches.ts';

export interface EntraEmulator {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly directory: Directory;
  readonly switches: Switches;
  /** Every request of an app, oldest first. */
  readonly requests: RecordedRequest[];
  count(kind: RequestKind, grantType?: string): number;
  readonly consents: {
    list(): Consent[];
    /** Grants a consent, as if the user had accepted it on the page. */
    grant(consent: Consent): void;
    revoke(userId: string): void;
    /** Removes permissions from every consent of users and organizations. */
    withdraw(scopes: readonly string[]): void;
  };
  /** App roles. A change takes effect in the next ID token. */
  readonly roles: {
    of(userId: string, registration: Registration): string[];
    grant(assignment: RoleAssignment): void;
    remove(assignment: RoleAssignment): void;
  };
  /** Ids of users whose accounts are disabled: AADSTS50057. */
  readonly blockedUsers: Set<string>;
  /** Ids of users who must update their passwords on a page: AADSTS50055. */
  readonly expiredPasswords: Set<string>;
  /** The requests for approval by an administrator. */
  readonly approvals: Pick<ApprovalStore, 'list'>;
  rotateKeys(): Promise<void>;
  /** Refuses everything that the user's sign-ins have issued so far, as after a password change. */
  revokeRefreshTokens(userId: string): void;
  /** Refuses everything that the sign-ins of a user, or of all users, have issued so far. The next sign-in works. */
  endSignIns(ending: SignInEnding, userId?: string): void;
  /** Signs all users out at the emulator, in every browser. */
  signAllUsersOut(): void;
  /** For a Graph emulator that shares this directory. */
  readonly signInService: SignInService;
  readonly intercept: Intercept;
  /** The current signing key, for tokens that are properly signed and still wrong. */
  signingKey(): SigningKey;
  signIdToken(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

export interface EntraEmulatorOptions {
  readonly directory: Directory;
  /** The app that uses this emulator. The switches page links to it. */
  readonly appUrl?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  readonly now?: () => Date;
  /** Default: new ones. They take longer to generate than the rest of the start. */
  readonly signingKeys?: SigningKeys;
}

const bodyLimitBytes = 1024 * 1024;

/** Starts an authority shaped like Entra ID on plain HTTP, reachable from this computer only. */
export async function startEntraEmulator(options: EntraEmulatorOptions): Promise<EntraEmulator> {
  const { directory, port = 0, now = () => new Date() } = options;
  const server = createServer();
  const keys = createKeyRing(options.signingKeys ?? (await createSigningKeys()));
  const { origin, close } = await listenLocally(server, port);
  const authority: Authority = {
    origin,
    appUrl: options.appUrl,
    directory,
    now,
    switches: defaultEntraSwitches(),
    keys,
    consents: createConsentStore(directory),
    roles: createRoleStore(directory),
    blockedUsers: new Set(),
    expiredPasswords: new Set(),
    approvals: createApprovalStore(),
    answeredForms: createAnsweredForms(),
    grants: createGrantStore(),
    browsers: createBrowserStore(),
    intercept: {},
  };
  const requests: RecordedRequest[] = [];
  const control = controlEndpoints(authority, requests);
  server.on('request', (incoming, response) => {
    handle({ authority, requests, control }, incoming, response).catch((cause: unknown) => {
      const isAborted = incoming.destroyed && !incoming.complete;
      if (!isAborted) console.error('The Entra emulator failed to handle a request.', cause);
      response.destroy();
    });
  });
  return {
    origin,
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
    signAllUsersOut: () => authority.browsers.signOut(),
    signInService: {
      consents: authority.consents,
      revokeSignInSessions: (userId) => endSignIns(authority, 'revoked', userId),
    },
    intercept: authority.intercept,
    signingKey: keys.signer,
    signIdToken: keys.sign,
    close,
  };
}

interface Handled {
  readonly authority: Authority;
  readonly requests: RecordedRequest[];
  readonly control: ControlEndpoints;
}

async function handle(
  { authority, requests, control }: Handled,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // The emulator's own clock, which a test may move.
  response.setHeader('date', authority.now().toUTCString());
  const request = await readRequest(incoming, bodyLimitBytes);
  if (request.path.startsWith(controlPrefix)) {
    return sendReply(response, await handleControl(control, request));
  }
  const route = findRoute(request.path);
  // Forms of the sign-in pages are not recorded: a test counts what the app has requested.
  if (route?.kind !== undefined && findForm(authority, request) === undefined) {
    requests.push(recordRequest(route.kind, request, authority.now()));
  }
  sendReply(response, await reply(authority, route, request));
}

async function reply(
  authority: Authority,
  route: Route | undefined,
  request: EmulatorRequest,
): Promise<Reply> {
  if (route === undefined) {
    return jsonReply(404, { error: 'not_found', error_description: 'Page not found.' });
  }
  if (!route.isForServers) {
    // Pages work under one host name only. Under another, their cookie is missing and their forms are refused.
    const isMisaddressed = request.method === 'GET' && `http://${request.headers.host}` !== authority.origin;
    if (isMisaddressed) return redirectTo(`${authority.origin}${request.path}?${request.query}`);
    return withOpenerPolicy(authority, route, await route.handle(authority, request));
  }
  const { switches } = authority;
  if (switches.slowMs > 0) await delay(switches.slowMs, undefined, { ref: false });
  return outageReply(authority) ?? route.handle(authority, request);
}

/** Entra ID isolates its pages: once a popup is there, the page that opened it can no longer see it. */
function withOpenerPolicy({ switches }: Authority, { kind }: Route, reply: Reply): Reply {
  return kind === undefined
    ? reply
    : { ...reply, headers: { ...reply.headers, 'cross-origin-opener-policy': switches.openerPolicy } };
}

/** The pages work during an outage, so that it can be ended there. Requests of an app's server fail. */
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
