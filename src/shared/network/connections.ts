import http from 'node:http';
import https from 'node:https';
import { type Borrower, type Connection, createConnection, isSameBorrower } from './connection.ts';
import { createSilenceWatch } from './silence-watch.ts';

/** A connection while one request uses it. */
export interface Loan {
  /** For this request alone. It has exactly one connection, which it opens or keeps. */
  readonly agent: http.Agent;
  /** The connection has served another borrower at some time. */
  readonly isShared: boolean;
  /** Records the response to this request. Bytes that come after it were not requested. */
  recordResponse(response: http.IncomingMessage): void;
  /** Closes the connection after this response. */
  endAfterwards(): void;
  /** Ends the loan if no request was made. */
  drop(): void;
}

export interface LoanRequest {
  readonly borrower: Borrower;
  /** Requires an unused connection, over which the response to another call cannot come. */
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
  /** The most connections open at one time. Each takes a port of the machine's outbound address. */
  readonly connections: number;
  /** How many of them may be idle. */
  readonly idle: number;
}

const defaultLimits: ConnectionLimits = { connections: 512, idle: 256 };

/**
 * A pool of connections to one origin. The pool of node:http distinguishes connections by address alone. Here each
 * connection has its own agent and a borrower.
 */
export function createConnections(isSecure: boolean, limits = defaultLimits): Connections {
  const dialer = isSecure ? new https.Agent() : new http.Agent();
  const open = new Set<Connection>();
  /** The connection that has been idle longest comes first. */
  const idle = new Set<Connection>();
  const queue = createLoanQueue();
  const serveQueue = () => queue.serve(find);
  const watchSilence = createSilenceWatch(idle, serveQueue);

  /** @returns undefined if all connections are in use */
  function find(request: LoanRequest): Loan | undefined {
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
    lend: async (request) => (queue.isEmpty() ? find(request) : undefined) ?? queue.wait(request),
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
    /** Lends to the first requests, as long as there are free connections. */
    serve(find: (request: LoanRequest) => Loan | undefined) {
      for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
        const loan = find(first.request);
        if (loan === undefined) return;
        waiting.shift();
        clearTimeout(first.timer);
        first.resolve(loan);
      }
    },
  };
}

/**
 * Finds the connection that was used last, so that surplus connections time out. The same session gets its connection
 * at once. Another borrower gets it only when it is silent.
 */
function findIdle(idle: ReadonlySet<Connection>, borrower: Borrower): Connection | undefined {
  let found: Connection | undefined;
  let isOwn = false;
  for (const connection of idle) {
    if (connection.socket?.destroyed ?? true) continue;
    if (isSameBorrower(connection.borrower, borrower)) {
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
    recordResponse(response) {
      connection.response = response;
    },
    endAfterwards() {
      connection.endsAfterwards = true;
    },
    drop,
  };
}
