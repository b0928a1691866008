import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';

/**
 * The owner of the responses that come over a connection. The next request on a connection would read a response that
 * comes late. A connection therefore changes borrowers only under special rules (see `connections.ts`).
 */
export type Borrower =
  /** All calls of one session have the same name. */
  | { readonly kind: 'session'; readonly name: string }
  /** A call without a session, which shares with no other call: a code redemption, a key download, an app token. */
  | { readonly kind: 'one call' };

export const isSameBorrower = (one: Borrower, other: Borrower) =>
  one.kind === 'session' && other.kind === 'session' && one.name === other.name;

/** A kept-alive connection with its own agent. */
export interface Connection {
  readonly agent: http.Agent;
  socket: Duplex | undefined;
  state: 'lent' | 'resting' | 'silent' | 'ended';
  borrower: Borrower;
  /** The connection has served another borrower at some time. */
  isShared: boolean;
  /** The response to the request that uses the connection. */
  response: http.IncomingMessage | undefined;
  /** The connection closes after its current response. */
  endsAfterwards: boolean;
  /** When it became idle, on the clock of `performance.now()`. */
  idleSinceMs: number;
}

export interface ConnectionEvents {
  /** Whether the pool accepts another idle connection. */
  mayKeepIdle(): boolean;
  becameIdle(): void;
  closed(): void;
}

/** Idle connections are closed before servers usually close them. */
const IDLE_TIMEOUT_MS = 20_000;

/**
 * Creates a connection, whose socket opens with its first request.
 * @param dialer opens all sockets of a pool, and remembers TLS sessions, which a new connection resumes
 */
export function createConnection(
  dialer: http.Agent,
  borrower: Borrower,
  eventsOf: (connection: Connection) => ConnectionEvents,
): Connection {
  const options = { keepAlive: true, maxSockets: 1, timeout: IDLE_TIMEOUT_MS };
  const connection: Connection = {
    agent: dialer instanceof https.Agent ? new https.Agent(options) : new http.Agent(options),
    socket: undefined,
    state: 'lent',
    borrower,
    isShared: false,
    response: undefined,
    endsAfterwards: false,
    idleSinceMs: 0,
  };
  watch(connection, dialer, eventsOf(connection));
  return connection;
}

/** Observes through the agent when its connection opens, becomes idle, or is closed. */
function watch(connection: Connection, dialer: http.Agent, events: ConnectionEvents): void {
  const { agent } = connection;
  agent.createConnection = (options, callback) => {
    const socket = dialer.createConnection(options, callback);
    if (socket == null) throw new TypeError('the agent opens its connections at once');
    connection.socket = socket;
    // Registered before the parser's own listener. Between a response's end and the next request there is no parser.
    // Bytes that came then would be dropped unseen, or read as the next response. TLS tickets are not data here.
    socket.on('data', () => {
      if (connection.state !== 'lent' || connection.response?.complete === true) socket.destroy();
    });
    socket.once('close', () => {
      if (connection.socket === socket) events.closed();
    });
    return socket;
  };
  const keepSocketAlive = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) => {
    // Returns `false` if the server announces that it closes the connection at once. Its type says `void`.
    const staysOpen: unknown = keepSocketAlive(socket);
    if (
      staysOpen === false ||
      connection.endsAfterwards ||
      connection.state !== 'lent' ||
      !events.mayKeepIdle()
    ) {
      return false;
    }
    events.becameIdle();
    return true;
  };
}
