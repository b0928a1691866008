import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';

/**
 * The session or call that uses a connection. The next request on a connection would read a late response to the previous
 * one. A connection therefore goes to another borrower only after it has been silent (see `silence-watch.ts`).
 */
export type Borrower =
  /** All calls of one session use the same name. */
  | { readonly kind: 'session'; readonly name: string }
  /** A call without a session, such as a token request. It is never the same borrower as another call. */
  | { readonly kind: 'one call' };

export const isSameBorrower = (one: Borrower, other: Borrower) =>
  one.kind === 'session' && (one === other || (other.kind === 'session' && one.name === other.name));

/** A keep-alive connection with an agent that no other connection uses. */
export interface Connection {
  readonly agent: http.Agent;
  socket: Duplex | undefined;
  /**
   * `lent`: a request uses the connection. `resting`: it is idle, and bytes may still arrive. `silent`: it has been idle
   * without a byte for so long that it may serve another borrower.
   */
  state: 'lent' | 'resting' | 'silent' | 'ended';
  borrower: Borrower;
  /** True if the connection has served several borrowers. */
  isShared: boolean;
  /** The response to the request that uses the connection. */
  response: http.IncomingMessage | undefined;
  /** True if the connection must be closed after its current response. */
  endsAfterwards: boolean;
  /** When the connection became idle, by `performance.now()`. */
  idleSinceMs: number;
}

export interface ConnectionEvents {
  /** True if the pool accepts another idle connection. */
  mayKeepIdle(): boolean;
  becameIdle(): void;
  closed(): void;
}

/** Idle connections are closed before servers usually close them. */
const IDLE_TIMEOUT_MS = 20_000;

/**
 * Creates a connection. Its socket opens at the first request.
 * @param dialer opens all sockets of a pool and caches their TLS sessions, which new connections resume
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
  observeSocket(connection, dialer, eventsOf(connection));
  return connection;
}

/** Overrides methods of the agent, to observe when its socket opens, becomes idle and closes. */
function observeSocket(connection: Connection, dialer: http.Agent, events: ConnectionEvents): void {
  const { agent } = connection;
  agent.createConnection = (options, callback) => {
    const socket = dialer.createConnection(options, callback);
    if (socket == null) throw new TypeError('the agent did not return a socket');
    connection.socket = socket;
    // This listener is registered before the parser's. Between the end of a response and the next request there is no
    // parser, so bytes that come then would be dropped unseen or read as the next response. TLS session tickets emit no
    // `data` event.
    socket.on('data', () => {
      if (connection.state !== 'lent' || connection.response?.complete === true) socket.destroy();
    });
    socket.once('close', () => {
      if (connection.socket === socket) events.closed();
    });
    return socket;
  };
  // The name tells apart the sockets of an agent and the TLS sessions of a dialer. Both have a single origin. With an empty
  // name, the dialer would cache no TLS session.
  agent.getName = () => 'the origin';
  const keepSocketAlive = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) => {
    // Returns `false` if the `Keep-Alive` header leaves no time to reuse the connection. The declared type is `void`.
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
