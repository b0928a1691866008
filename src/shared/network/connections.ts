import http from 'node:http';
import https from 'node:https';
import { type Borrower, type Connection, createConnection, isSameBorrower } from './connection.ts';
import { createSilenceWatch } from './silence-watch.ts';

/** A connection while one request uses it. */
export interface Loan {
  /** For this request alone. The agent has exactly one connection, which is new or idle. */
  readonly agent: http.Agent;
  /** True if the connection has served several borrowers. */
  readonly isShared: boolean;
  /** Records the response to this request. If bytes arrive after it is complete, the connection is closed. */
  recordResponse(response: http.IncomingMessage): void;
  /** Closes the connection after this response. */
  endAfterwards(): void;
  /** Ends the loan and closes the connection, because no request was made. */
  drop(): void;
}

export interface LoanRequest {
  readonly borrower: Borrower;
  /** Requires a new connection, on which no response to another call can arrive. */
  readonly isNew: boolean;
  /** How long to wait for a free connection. */
  readonly waitMs: number;
}

/** The connections to one origin. */
export interface Connections {
  /** @returns undefined if no connection became free in time */
  lend(request: LoanRequest): Promise<Loan | undefined>;
}

export interface ConnectionLimits {
  /** Maximum number of open connections. Each takes a port of the machine's outbound IP address. */
  readonly connections: number;
  /** Maximum number of idle connections. */
  readonly idle: number;
}

const defaultLimits: ConnectionLimits = { connections: 512, idle: 256 };

/**
 * A pool of connections to one origin. The pool in a node:http agent distinguishes connections only by host and port. Here
 * each connection has an agent and a borrower.
 */
export function createConnections(isSecure: boolean, limits = defaultLimits): Connections {
  const dialer = isSecure ? new https.Agent() : new http.Agent();
  const open = new Set<Connection>();
  /** The connection that has been idle longest comes first. */
  const idle = new Set<Connection>();
  const queue = createLoanQueue();
  const serveQueue = () => queue.serve(lendNow);
  const watchSilence = createSilenceWatch(idle, serveQueue);

  /** @returns undefined if all connections are in use */
  function lendNow(request: LoanRequest): Loan | undefined {
    const connection = request.isNew ? undefined : findIdle(idle, request.borrower);
    if (connection !== undefined) return lendAgain(connection, request);
    if (open.size >= limits.connections) {
      const [longestIdle] = idle;
      if (longestIdle === undefined) return undefined;
      remove(longestIdle);
    }
    return lendNew(request);
  }
  function lendAgain(connection: Connection, { borrower }: LoanRequest): Loan {
    idle.delete(connection);
    connection.isShared ||= !isSameBorrower(connection.borrower, borrower);
    connection.state = 'lent';
    connection.borrower = borrower;
    connection.response = undefined;
    return toLoan(connection, () => end(connection));
  }
  function lendNew({ borrower }: LoanRequest): Loan {
    const connection = createConnection(dialer, borrower, (created) => ({
      mayKeepIdle: () => idle.size < limits.idle,
      becameIdle: () => rest(created),
      closed: () => end(created),
    }));
    open.add(connection);
    return toLoan(connection, () => end(connection));
  }
  function rest(connection: Connection) {
    connection.state = 'resting';
    connection.idleSinceMs = performance.now();
    connection.response = undefined;
    idle.add(connection);
    watchSilence();
    serveQueue();
  }
  function end(connection: Connection) {
    if (connection.state === 'ended') return;
    remove(connection);
    serveQueue();
  }
  function remove(connection: Connection) {
    connection.state = 'ended';
    idle.delete(connection);
    open.delete(connection);
    connection.agent.destroy();
    connection.socket?.destroy();
  }

  return {
    lend: async (request) => (queue.isEmpty() ? lendNow(request) : undefined) ?? queue.wait(request),
  };
}

interface WaitingRequest {
  readonly request: LoanRequest;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (loan: Loan | undefined) => void;
}

/** Requests that wait for a free connection, in the order in which they came. */
function createLoanQueue() {
  const waiting: WaitingRequest[] = [];
  return {
    isEmpty: () => waiting.length === 0,
    /** @returns undefined if the request has waited too long */
    wait: (request: LoanRequest) =>
      new Promise<Loan | undefined>((resolve) => {
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(entry), 1);
          resolve(undefined);
        }, request.waitMs);
        const entry: WaitingRequest = { request, timer, resolve };
        waiting.push(entry);
      }),
    /** Serves the requests in their order, as long as there are free connections. */
    serve(lendNow: (request: LoanRequest) => Loan | undefined) {
      for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
        const loan = lendNow(first.request);
        if (loan === undefined) return;
        waiting.shift();
        clearTimeout(first.timer);
        first.resolve(loan);
      }
    },
  };
}

/**
 * Finds the idle connection that was used last, so that surplus connections time out. Connections that the same session
 * used last come first, even if they are not yet silent. Another borrower gets only silent connections.
 */
function findIdle(idle: ReadonlySet<Connection>, borrower: Borrower): Connection | undefined {
  let found: Connection | undefined;
  let hasSameBorrower = false;
  for (const connection of idle) {
    if (connection.socket?.destroyed ?? true) continue;
    if (isSameBorrower(connection.borrower, borrower)) {
      found = connection;
      hasSameBorrower = true;
    } else if (!hasSameBorrower && connection.state === 'silent') {
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
    recordResponse(response) {
      connection.response = response;
    },
    endAfterwards() {
      connection.endsAfterwards = true;
    },
    drop,
  };
}
