import { once } from 'node:events';
import { createServer, type IncomingMessage, request as send } from 'node:http';

/** One operation on the table as it crossed the wire. Bytes are those of the bodies. */
export interface TableOperation {
  readonly name: string;
  readonly status: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export interface CountingForwarder {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** The operations since the previous call. */
  take(): TableOperation[];
  close(): Promise<void>;
}

const operationNames: Readonly<Record<string, string>> = {
  GET: 'read',
  POST: 'insert',
  PUT: 'replace',
  PATCH: 'merge',
  MERGE: 'merge',
  DELETE: 'remove',
};

/** Forwards between the table client and the storage without changes, and counts the operations. */
export async function startCountingForwarder(target: string): Promise<CountingForwarder> {
  const { hostname, port } = new URL(target);
  let operations: TableOperation[] = [];
  const server = createServer((incoming, outgoing) => {
    forward(incoming).then(
      ({ response, body, sentBytes }) => {
        const status = response.statusCode ?? 502;
        operations.push({ name: operationOf(incoming), status, sentBytes, receivedBytes: body.length });
        outgoing.writeHead(status, response.rawHeaders).end(body);
      },
      () => outgoing.destroy(),
    );
  });

  async function forward(incoming: IncomingMessage) {
    const sent = await readAll(incoming);
    const { method, url: path, rawHeaders: headers } = incoming;
    const onward = send({ hostname, port, method, path, headers, agent: false });
    onward.end(sent);
    const [response]: IncomingMessage[] = await once(onward, 'response');
    if (response === undefined) throw new TypeError('a response event without a response');
    return { response, body: await readAll(response), sentBytes: sent.length };
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The forwarder has no port.');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    take() {
      const taken = operations;
      operations = [];
      return taken;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function operationOf({ method = '', url = '' }: IncomingMessage): string {
  if (/\/Tables(?:\(|\?|$)/.test(url)) return 'create table';
  // A query has no keys in its path.
  if (method === 'GET' && !url.includes('PartitionKey=')) return 'query';
  return operationNames[method] ?? method;
}
