import { type Directory, demoClient, demoDirectory, type User } from '@entra-bff/directory';
import { startEntraEmulator } from '@entra-bff/entra-emulator';
import { answerMessages } from '../support/answer-messages.ts';
import { type FaultMode, SLOW_MS, type System, THROTTLED_SECONDS } from './faults.ts';
import { forwardTo, type Gate, type GateReply, openGate } from './gate.ts';
import { createGraph, type GraphStandIn } from './graph.ts';
import { type Plant, planted } from './plants.ts';

// The systems that the workers depend on, each behind a gate: the emulator of Entra ID, a stand-in for Graph, and the table.

export interface StartSurroundings {
  readonly kind: 'start';
  readonly tableOrigin: string;
  readonly users: readonly User[];
  /** Ids of users whose access tokens have expired when they are issued, so that each of their calls needs Entra ID. */
  readonly expired: readonly string[];
  readonly plants: readonly Plant[];
}

export type SurroundingsMessage =
  | StartSurroundings
  | { readonly kind: 'fail'; readonly system: System; readonly mode: FaultMode | undefined }
  | { readonly kind: 'count' };

export interface Origins {
  /** What the workers call. */
  readonly entra: string;
  readonly graph: string;
  readonly table: string;
  /** What browsers open. It never fails. */
  readonly entraPages: string;
}

export interface Counts {
  readonly met: Readonly<Record<System, number>>;
  readonly redeemedRefreshTokens: number;
  readonly redeemedCodes: number;
  /** How often each write took effect, by its id. */
  readonly writes: readonly (readonly [id: string, count: number])[];
}

/** A token is due for renewal in its last five minutes, so these are due after 15 to 75 seconds. */
const [SHORTEST_SECONDS, LONGEST_SECONDS] = [315, 375];
/** A call uses no token that has less than 30 seconds left. */
const EXPIRED_SECONDS = 20;

interface Surroundings {
  readonly gates: Readonly<Record<System, Gate>>;
  readonly graph: GraphStandIn;
  readonly origins: Origins;
  counts(): { redeemedRefreshTokens: number; redeemedCodes: number };
}

async function start(message: StartSurroundings): Promise<Surroundings> {
  const graph = createGraph(message.plants);
  const [entra, table, graphGate] = await Promise.all([
    startEntra(message),
    openGate(createTable(message)),
    openGate(graph),
  ]);
  return {
    gates: { graph: graphGate, entra: entra.gate, table },
    graph,
    counts: entra.counts,
    origins: {
      entra: entra.gate.origin,
      entraPages: entra.pages,
      graph: graphGate.origin,
      table: table.origin,
    },
  };
}

async function startEntra({ users, expired }: StartSurroundings) {
  const directory: Directory = { ...demoDirectory, users };
  const emulator = await startEntraEmulator({ directory });
  emulator.consents.grant({
    tenantId: demoClient.tenantId,
    clientId: demoClient.clientId,
    scopes: ['openid', 'profile', 'offline_access', 'User.Read', 'Tasks.ReadWrite'],
  });
  const gate = await openGate({
    handle: forwardTo(emulator.origin, new URL(emulator.origin).host),
    refuse: (status) => ({
      status,
      headers: { 'content-type': 'application/json', ...retryAfter(status) },
      body: JSON.stringify({ error: 'temporarily_unavailable', error_description: 'Simulated.' }),
    }),
    slowMs: SLOW_MS.entra,
  });
  const hasExpired = new Set(expired);
  let [redeemedRefreshTokens, redeemedCodes] = [0, 0];
  // To the workers, the gate is the issuer.
  const toGate = (text: string) => text.replaceAll(emulator.origin, gate.origin);
  emulator.intercept.idTokenClaims = (claims) => ({ ...claims, iss: toGate(claims.iss ?? '') });
  emulator.intercept.keys = (reply) => ({ ...reply, body: JSON.parse(toGate(JSON.stringify(reply.body))) });
  emulator.intercept.tokenResponse = (reply, context) => {
    // Otherwise, the emulator would hold the requests of an hour in memory.
    emulator.requests.length = 0;
    if (context === undefined || reply.status !== 200) return reply;
    if (context.grantType === 'refresh_token') redeemedRefreshTokens++;
    else redeemedCodes++;
    const seconds = SHORTEST_SECONDS + Math.random() * (LONGEST_SECONDS - SHORTEST_SECONDS);
    const lifetimeSeconds = hasExpired.has(context.user.id) ? EXPIRED_SECONDS : Math.round(seconds);
    return { ...reply, body: { ...Object(reply.body), expires_in: lifetimeSeconds } };
  };
  return { gate, pages: emulator.origin, counts: () => ({ redeemedRefreshTokens, redeemedCodes }) };
}

function createTable({ tableOrigin, plants }: StartSurroundings) {
  const forward = forwardTo(tableOrigin);
  const isLost = planted(plants, 'lost-session', 400);
  return {
    slowMs: SLOW_MS.table,
    refuse: (status: 429 | 503) => odataError(status, 'ServerBusy'),
    handle: (request: Parameters<typeof forward>[0]) =>
      request.method === 'GET' && request.target.includes('PartitionKey=') && isLost()
        ? odataError(404, 'ResourceNotFound')
        : forward(request),
  };
}

function odataError(status: number, code: string): GateReply {
  return {
    status,
    headers: { 'content-type': 'application/json', ...retryAfter(status) },
    body: JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: 'Simulated.' } } }),
  };
}

function retryAfter(status: number): Record<string, string> {
  return status === 429 ? { 'retry-after': String(THROTTLED_SECONDS) } : {};
}

let surroundings: Surroundings | undefined;

answerMessages<SurroundingsMessage>(async (message) => {
  if (message.kind === 'start') {
    surroundings = await start(message);
    return surroundings.origins;
  }
  if (surroundings === undefined) throw new Error('The surroundings have not started.');
  const { gates, graph, counts } = surroundings;
  if (message.kind === 'fail') {
    await gates[message.system].fail(message.mode);
    return {};
  }
  return {
    met: { graph: gates.graph.met, entra: gates.entra.met, table: gates.table.met },
    writes: [...graph.writes],
    ...counts(),
  } satisfies Counts;
});
