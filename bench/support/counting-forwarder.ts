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
  /** What has passed since it was last asked. */
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

/** Stands between the table client and the storage and counts what passes; changes nothing. */
export async function startCountingForwarder(target: string): Promise<CountingForwarder> {
  const { hostname, port } = new URL(target);
  let operations: TableOperation[] = [];
  const server = createServer((incoming, outgoing) => {
    forward(incoming).then(
      ({ answer, body, sentBytes }) => {
        const status = answer.statusCode ?? 502;
        operations.push({ name: nameOf(incoming), status, sentBytes, receivedBytes: body.length });
        outgoing.writeHead(status, answer.rawHeaders).end(body);
      },
      () => outgoing.destroy(),
    );
  });

  async function forward(incoming: IncomingMessage) {
    const sent = await readAll(incoming);
    const { method, url: path, rawHeaders: headers } = incoming;
    const onward = send({ hostname, port, method, path, headers, agent: false });
    onward.end(sent);
    const [answer]: IncomingMessage[] = await once(onward, 'response');
    if (answer === undefined) throw new TypeError('a response event without a response');
    return { answer, body: await readAll(answer), sentBytes: sent.length };
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

function nameOf({ method = '', url = '' }: IncomingMessage): string {
  if (/\/Tables(?:\(|\?|$)/.test(url)) return 'make the table';
  // A query names no keys.
  if (method === 'GET' && !url.includes('PartitionKey=')) return 'query';
  return operationNames[method] ?? method;
}
