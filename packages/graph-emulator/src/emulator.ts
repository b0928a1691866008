import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Directory, SignInService } from '@entra-bff/directory';
import { controlPrefix, handleControl, listenLocally, readRequest, sendReply } from '@entra-bff/emulator-kit';
import { createAuthenticateCaller } from './access-token.ts';
import { controlEndpoints } from './control.ts';
import { createDrives } from './drive/drives.ts';
import type { Graph } from './graph.ts';
import { handleCall } from './handle-call.ts';
import { type RecordedRequest, recordRequest } from './recorded-requests.ts';
import { createRevocations } from './revocations.ts';
import { createSavedItems } from './saved-items.ts';
import { sendGraphReply } from './simulated-failures.ts';
import { handleSwitches } from './switch-actions.ts';
import { defaultGraphSwitches, type GraphSwitches } from './switches.ts';

/** Replies to a call instead of the emulator, so that a test can break anything. */
export type Respond = (request: RecordedRequest, response: ServerResponse) => void | Promise<void>;

export interface GraphEmulator {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** Every call, oldest first. */
  readonly requests: RecordedRequest[];
  count(): number;
  readonly switches: GraphSwitches;
  /** Continuous access evaluation: refuses the tokens that this user, or every user, was issued until now. */
  revokeTokens(userId?: string): void;
  clearRevocations(): void;
  /** Lets `respond` reply to every call; `undefined` ends that. */
  respondWith(respond: Respond | undefined): void;
  close(): Promise<void>;
}

export interface GraphEmulatorOptions {
  readonly directory: Directory;
  /** The app that uses this emulator. The switches page links to it. */
  readonly appUrl?: string;
  /** The issuer of the access tokens. Without a sign-in service, calls about consents and sessions get 501. */
  readonly entra: { readonly origin: string; readonly signInService?: SignInService };
  /** 0, the default, takes a free port. */
  readonly port?: number;
  readonly now?: () => Date;
}

/** Starts a Graph of invented users on plain HTTP, reachable from this computer only. */
export async function startGraphEmulator(options: GraphEmulatorOptions): Promise<GraphEmulator> {
  const { directory, entra, port = 0, now = () => new Date() } = options;
  const requests: RecordedRequest[] = [];
  let respond: Respond | undefined;
  // The default of Node.js, 16 KiB for all headers, would be less than Graph accepts.
  const server = createServer({ maxHeaderSize: 64 * 1024 });
  const { origin, close } = await listenLocally(server, port);
  const saved = createSavedItems();
  const graph: Graph = {
    origin,
    appUrl: options.appUrl,
    directory,
    entraOrigin: entra.origin,
    signInService: entra.signInService,
    now,
    authenticate: createAuthenticateCaller(entra.origin),
    switches: defaultGraphSwitches(),
    revocations: createRevocations(),
    saved,
    drives: createDrives(origin, directory, saved),
  };

  const control = controlEndpoints(graph, requests);

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    if (request.path.startsWith(controlPrefix)) {
      return sendReply(response, await handleControl(control, request));
    }
    if (request.path === '/' || request.path === '/switches') {
      return sendReply(response, handleSwitches(graph, request));
    }
    if (request.path.startsWith('/files/')) return sendReply(response, graph.drives.host.handle(request));
    const recorded = recordRequest(request);
    requests.push(recorded);
    if (respond) return respond(recorded, response);
    if (graph.switches.slowMs > 0) await delay(graph.switches.slowMs);
    const ids = {
      requestId: randomUUID(),
      clientRequestId: String(request.headers['client-request-id'] ?? randomUUID()),
      now: now(),
    };
    const reply = await handleCall(graph, recorded, ids);
    await sendGraphReply(response, reply, ids, graph.switches);
  }

  server.on('request', (incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  return {
    origin,
    requests,
    count: () => requests.length,
    switches: graph.switches,
    revokeTokens: (userId) => graph.revocations.revoke(now(), userId),
    clearRevocations: graph.revocations.clear,
    respondWith(next) {
      respond = next;
    },
    close,
  };
}
