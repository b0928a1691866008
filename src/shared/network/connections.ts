import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';

/**
 * The owner of the answers that come over a connection. The next request on a connection would read an answer that
 * comes late. A connection therefore changes borrowers only under special rules.
 */
export type Borrower =
  /** All calls of one session have the same name. */
  | { readonly kind: 'session'; readonly name: string }
  /** A call without a session, which shares with no other call: a code redemption, a key download, an app token. */
  | { readonly kind: 'one call' };

/** A connection while one request uses it. */
export interface Loan {
  /** For this request alone. It has exactly one connection, which it opens or keeps. */
  readonly agent: http.Agent;
  /** The connection has served another borrower at some time. */
  readonly isShared: boolean;
  /** Records the answer to this request. No request has asked for bytes that come after it. */
  answeredBy(response: http.IncomingMessage): void;
  /** Closes the connection after this answer. */
  endAfterwards(): void;
  /** Ends the loan because no request was made. */
  drop(): void;
}

export interface LoanWish {
  readonly borrower: Borrower;
  /** Requires an unused connection, over which the answer to another call cannot come. */
  readonly isNew: boolean;
  /** How long the request waits for a free connection. */
  readonly waitMs: number;
}

/** The connections to one origin. */
export interface Connections {
  /** @returns undefined if no connection became free in time */
  lend(wish: LoanWish): Promise<Loan | undefined>;
}

export interface ConnectionLimits {
  /** The most connections open at one time. Each takes a port of the machine's outbound address. */
  readonly connections: number;
  /** How many of them may be idle. */
  readonly idle: number;
}

const defaultLimits: ConnectionLimits = { connections: 512, idle: 256 };

/**
 * A connection goes to another borrower only after this long without a byte. With Nagle's algorithm a server holds back
 * what it has written until the previous answer is acknowledged. Linux delays that acknowledgment by 40 to 200 ms
 * (TCP_DELACK_MAX).
 */
const SILENCE_MS = 250;
/** Idle connections are closed before servers usually close them. */
const IDLE_TIMEOUT_MS = 20_000;

interface Connection {
  readonly agent: http.Agent;
  socket: Duplex | undefined;
  state: 'lent' | 'resting' | 'silent' | 'ended';
  borrower: Borrower;
  isShared: boolean;
  /** The answer to the request that uses the connection. */
  response: http.IncomingMessage | undefined;
  endsAfterwards: boolean;
  /** When it became idle. */
  idleSinceMs: number;
}

interface Waiting {
  readonly wish: LoanWish;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (loan: Loan | undefined) => void;
}

/**
 * The pool of node:http tells connections apart by address alone. Here each connection has its own agent and a
 * borrower.
 */
export function createConnections(isSecure: boolean, limits = defaultLimits): Connections {
  // This agent opens all connections. It remembers TLS sessions, which a new connection resumes.
  const dialer = isSecure ? new https.Agent() : new http.Agent();
  const open = new Set<Connection>();
  /** The connection that has been idle longest comes first. */
  const idle = new Set<Connection>();
  const waiting: Waiting[] = [];
  const watchSilence = createSilenceWatch(idle, () => serveWaiting());

  const take = (connection: Connection, { borrower }: LoanWish): Loan => {
    idle.delete(connection);
    // A new connection is already `lent` and has served no other borrower.
    if (connection.state !== 'lent') connection.isShared ||= !isSame(connection.borrower, borrower);
    connection.state = 'lent';
    connection.borrower = borrower;
    connection.response = undefined;
    return toLoan(connection, () => end(connection));
  };
  const remove = (connection: Connection) => {
    connection.state = 'ended';
    idle.delete(connection);
    open.delete(connection);
    connection.agent.destroy();
    connection.socket?.destroy();
  };
  const end = (connection: Connection) => {
    if (connection.state === 'ended') return;
    remove(connection);
    serveWaiting();
  };
  /** @returns undefined if all connections are in use */
  const find = (wish: LoanWish): Loan | undefined => {
    const connection = wish.isNew ? undefined : findIdle(idle, wish.borrower);
    if (connection !== undefined) return take(connection, wish);
    if (open.size >= limits.connections) {
      const [longestIdle] = idle;
      if (longestIdle === undefined) return undefined;
      remove(longestIdle);
    }
    return take(dial(wish), wish);
  };
  const serveWaiting = () => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const loan = find(first.wish);
      if (loan === undefined) return;
      waiting.shift();
      clearTimeout(first.timer);
      first.resolve(loan);
    }
  };
  const rest = (connection: Connection) => {
    connection.state = 'resting';
    connection.idleSinceMs = performance.now();
    connection.response = undefined;
    idle.add(connection);
    watchSilence();
    serveWaiting();
  };
  const dial = ({ borrower }: LoanWish): Connection => {
    const options = { keepAlive: true, maxSockets: 1, timeout: IDLE_TIMEOUT_MS };
    const agent = isSecure ? new https.Agent(options) : new http.Agent(options);
    const connection: Connection = {
      agent,
      socket: undefined,
      state: 'lent',
      borrower,
      isShared: false,
      response: undefined,
      endsAfterwards: false,
      idleSinceMs: 0,
    };
    watch(connection, dialer, {
      mayKeep: () => idle.size < limits.idle,
      kept: () => rest(connection),
      closed: () => end(connection),
    });
    open.add(connection);
    return connection;
  };

  return {
    async lend(wish) {
      const loan = waiting.length === 0 ? find(wish) : undefined;
      return (
        loan ??
        new Promise((resolve) => {
          const timer = setTimeout(() => {
            waiting.splice(waiting.indexOf(entry), 1);
            resolve(undefined);
          }, wish.waitMs);
          const entry: Waiting = { wish, timer, resolve };
          waiting.push(entry);
        })
      );
    },
  };
}

const isSame = (one: Borrower, other: Borrower) =>
  one.kind === 'session' && other.kind === 'session' && one.name === other.name;

/**
 * Finds the connection that was used last, so that surplus connections time out. The same session gets its connection
 * at once. Another borrower gets it only when it is silent.
 */
function findIdle(idle: ReadonlySet<Connection>, borrower: Borrower): Connection | undefined {
  let found: Connection | undefined;
  let isOwn = false;
  for (const connection of idle) {
    if (connection.socket?.destroyed ?? true) continue;
    if (isSame(connection.borrower, borrower)) {
      found = connection;
      isOwn = true;
    } else if (!isOwn && connection.state === 'silent') {
      found = connection;
    }
  }
  return found;
}

function toLoan(connection: Connection, drop: () => void): Loan {
  const { agent, isShared } = connection;
  return {
    agent,
    isShared,
    answeredBy(response) {
      connection.response = response;
    },
    endAfterwards() {
      connection.endsAfterwards = true;
    },
    drop,
  };
}

interface ConnectionEvents {
  mayKeep(): boolean;
  kept(): void;
  closed(): void;
}

/** Learns from the agent when its connection opens, becomes idle, or is closed. */
function watch(connection: Connection, dialer: http.Agent, events: ConnectionEvents): void {
  const { agent } = connection;
  agent.createConnection = (options, callback) => {
    const socket = dialer.createConnection(options, callback);
    if (socket == null) throw new TypeError('the agent opens its connections at once');
    connection.socket = socket;
    // Registered before the parser's own listener. Between an answer's end and the next request there is no parser.
    // Bytes that came then would be dropped unseen, or read as the next answer. TLS tickets are not data here.
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
    const isKept: unknown = keepSocketAlive(socket);
    if (isKept === false || connection.endsAfterwards || connection.state !== 'lent' || !events.mayKeep()) {
      return false;
    }
    events.kept();
    return true;
  };
}

/**
 * Marks idle connections as silent once they have had enough time to bring bytes. A timer alone proves nothing, because
 * Node runs due timers before it reads sockets. A busy event loop would take waiting bytes for silence. Node reads
 * every socket between a timer and the `setImmediate` that it calls. Timers count from the loop's cached, older time,
 * so the clock decides.
 * @param idle the connection that has been idle longest comes first
 * @returns a function to call whenever a connection becomes idle
 */
function createSilenceWatch(idle: ReadonlySet<Connection>, marked: () => void): () => void {
  let isWatching = false;
  const next = () => {
    for (const { state, idleSinceMs } of idle) {
      if (state !== 'resting') continue;
      isWatching = true;
      setTimeout(look, Math.max(Math.ceil(idleSinceMs + SILENCE_MS - performance.now()), 1)).unref();
      return;
    }
    isWatching = false;
  };
  const look = () => {
    const idleBeforeMs = performance.now() - SILENCE_MS;
    setImmediate(() => {
      for (const connection of idle) {
        if (connection.idleSinceMs > idleBeforeMs) break;
        connection.state = 'silent';
      }
      next();
      marked();
    }).unref();
  };
  return () => {
    if (!isWatching) next();
  };
}
