import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readOperation, type TableOperation } from './table-operation.ts';

/** A request that passed or failed. */
export interface PassedRequest extends TableOperation {
  readonly worker: string;
  /** Bytes of the request and of the response. */
  readonly bytes: number;
  /** The status that the worker received, or undefined if its connection was cut. */
  status: number | undefined;
  /** Whether the service received it. */
  reached: boolean;
}

/** A request as a fault handles it. */
export interface HeldRequest {
  readonly operation: TableOperation;
  /** Sends the request to the service and returns the response without passing it on. */
  apply(): Promise<Answer>;
  /** Sends a response to the worker. */
  reply(answer: Answer): void;
  /** Breaks the connection. */
  cut(): void;
  /** Sends half of the request to the service and breaks off. */
  applyHalf(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type Act = (request: HeldRequest) => Promise<void> | void;

export interface FaultRule {
  readonly operation?: TableOperation['kind'] | readonly TableOperation['kind'][];
  readonly row?: TableOperation['row'];
  /** Restricts the rule to writes that take a lease, or to others. */
  readonly leases?: boolean;
  readonly worker?: string;
  /** Number of requests after which the rule ends. Default: no end. */
  readonly times?: number;
}

export interface Fault {
  /** Number of matched requests. */
  readonly met: () => number;
  /** Resolves at the first matched request. */
  readonly reached: Promise<void>;
  end(): void;
}

/** A proxy between the workers and table storage. It passes requests on, records them, and fails on demand. */
export interface FaultProxy {
  /** Returns a connection string for each worker, so that requests can be attributed. */
  open(worker: string): Promise<string>;
  inject(rule: FaultRule, act: Act): Fault;
  clear(): void;
  readonly passed: PassedRequest[];
  count(rule: FaultRule): number;
  close(): Promise<void>;
}

/** @param connectionString of Azurite. The signature of a request covers its path, not its host. */
export function createFaultProxy(connectionString: string): FaultProxy {
  const endpoint = new URL(/TableEndpoint=([^;]+)/.exec(connectionString)?.[1] ?? '');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 128 });
  const servers: Server[] = [];
  const passed: PassedRequest[] = [];
  let faults: { readonly rule: FaultRule; readonly act: Act; left: number; readonly meet: () => void }[] = [];

  async function serve(worker: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const { method = 'GET', url = '/', headers } = incoming;
    const operation = readOperation(method, url, headers, body.toString('utf8'));
    const record: PassedRequest = {
      ...operation,
      worker,
      bytes: body.length,
      status: undefined,
      reached: false,
    };
    passed.push(record);
    const send = (bytes: Buffer, half = false) => {
      record.reached = true;
      return forward(endpoint, agent, { method, url, headers }, bytes, half);
    };
    const request: HeldRequest = {
      operation,
      apply: () => send(body),
      reply(answer) {
        record.status = answer.status;
        if (!response.destroyed) response.writeHead(answer.status, answer.headers).end(answer.body);
      },
      cut: () => response.destroy(),
      applyHalf: async () => {
        // It ends in an error here, because the connection is gone.
        await send(body, true).catch(() => {});
      },
    };
    const fault = faults.find(({ rule, left }) => left > 0 && matches(rule, record));
    if (fault === undefined) return request.reply(await request.apply());
    fault.left--;
    fault.meet();
    await fault.act(request);
  }

  return {
    passed,
    count: (rule) => passed.filter((record) => matches(rule, record)).length,
    async open(worker) {
      const server = http.createServer((incoming, response) => {
        // A killed worker leaves requests behind.
        serve(worker, incoming, response).catch(() => response.destroy());
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      servers.push(server);
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
      return connectionString.replace(endpoint.host, `127.0.0.1:${address.port}`);
    },
    inject(rule, act) {
      let met = 0;
      let meet = () => {};
      const reached = new Promise<void>((resolve) => {
        meet = () => {
          met++;
          resolve();
        };
      });
      const fault = { rule, act, left: rule.times ?? Number.POSITIVE_INFINITY, meet };
      faults.push(fault);
      return {
        met: () => met,
        reached,
        end() {
          faults = faults.filter((candidate) => candidate !== fault);
        },
      };
    },
    clear() {
      faults = [];
    },
    async close() {
      agent.destroy();
      await Promise.all(
        servers.map(async (server) => {
          server.closeAllConnections();
          server.close();
          await once(server, 'close');
        }),
      );
    },
  };
}

function matches(
  { operation, row, leases, worker }: FaultRule,
  record: TableOperation & { worker: string },
): boolean {
  const kinds = operation === undefined ? undefined : [operation].flat();
  return (
    (kinds === undefined || kinds.includes(record.kind)) &&
    (row === undefined || row === record.row) &&
    (leases === undefined || leases === record.leases) &&
    (worker === undefined || worker === record.worker)
  );
}

function forward(
  endpoint: URL,
  agent: http.Agent,
  { method, url, headers }: { method: string; url: string; headers: http.IncomingHttpHeaders },
  body: Buffer,
  half: boolean,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        hostname: endpoint.hostname,
        port: endpoint.port,
        method,
        path: url,
        headers: { ...headers, connection: 'keep-alive' },
        agent: half ? false : agent,
      },
      (response) => {
        readAll(response).then(
          (bytes) =>
            resolve({
              status: response.statusCode ?? 0,
              headers: answerHeaders(response.headers),
              body: bytes,
            }),
          reject,
        );
      },
    );
    request.on('error', reject);
    if (half) request.write(body.subarray(0, body.length >> 1), () => request.destroy());
    else request.end(body);
  });
}

function answerHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && !['connection', 'keep-alive', 'transfer-encoding'].includes(name)) {
      kept[name] = value;
    }
  }
  return kept;
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
