import { evaluateAccess } from './access-evaluation.ts';
import type { Caller } from './access-token.ts';
import { handleBatch } from './batch.ts';
import type { GraphCall } from './call.ts';
import { handleRoute } from './dispatch.ts';
import type { Graph } from './graph.ts';
import { parseQuery } from './odata/options.ts';
import type { RecordedRequest } from './recorded-requests.ts';
import { type CallIds, GraphError, type GraphReply, toErrorReply } from './reply.ts';
import { failOnDemand } from './simulated-failures.ts';

/** A call, or a part of a batch. */
interface OneCall {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  /** Names are in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Replies to a call or a batch as Graph does. */
export async function handleCall(graph: Graph, request: RecordedRequest, ids: CallIds): Promise<GraphReply> {
  const { switches } = graph;
  const headers = new Map(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
  try {
    const version = /^\/(v1\.0|beta)\/\$batch$/i.exec(request.target)?.[1];
    const isBatch = version !== undefined && request.method === 'POST';
    if (!isBatch) failOnDemand(switches, ids.now);
    const caller = await graph.authenticate(headers.get('authorization'), ids.now);
    evaluateAccess(graph, caller, ids.now);
    if (!isBatch) return handleOne(graph, { ...request, headers }, caller, ids.now);
    return handleBatch(request.body, (part) =>
      // Graph throttles each part by itself, inside a response with status 200.
      orErrorReply(ids, () => {
        failOnDemand(switches, ids.now);
        return handleOne(graph, { ...part, target: `/${version}${part.url}` }, caller, ids.now);
      }),
    );
  } catch (error) {
    if (error instanceof GraphError) return toErrorReply(error, ids);
    throw error;
  }
}

function handleOne(graph: Graph, call: OneCall, caller: Caller, now: Date): GraphReply {
  const { method, target, headers, body } = call;
  const [path = '', query = ''] = target.split(/\?(.*)/s);
  const [, version, whole = ''] = /^\/(v1\.0|beta)(\/.*)$/is.exec(path) ?? [];
  if (version === undefined)
    throw new GraphError(400, 'BadRequest', `Invalid version: ${path.split('/')[1]}.`);
  const counted = /^(.+)\/(?:\$|%24)count$/i.exec(whole)?.[1];
  return handleRoute({
    ...graph,
    method: method === 'HEAD' ? 'GET' : method,
    version: toVersion(version),
    path: counted ?? whole,
    countsOnly: counted !== undefined,
    options: parseQuery(query),
    headers,
    body,
    caller,
    now,
  });
}

function toVersion(text: string): GraphCall['version'] {
  return text.toLowerCase() === 'beta' ? 'beta' : 'v1.0';
}

function orErrorReply(ids: CallIds, run: () => GraphReply): GraphReply {
  try {
    return run();
  } catch (error) {
    if (error instanceof GraphError) return toErrorReply(error, ids);
    throw error;
  }
}
