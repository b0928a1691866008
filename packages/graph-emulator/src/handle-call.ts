import { evaluateAccess } from './access-evaluation.ts';
import type { Caller } from './access-token.ts';
import { handleBatch } from './batch.ts';
import type { Graph } from './graph.ts';
import type { RecordedRequest } from './recorded-requests.ts';
import { type CallIds, GraphError, type GraphReply, toErrorReply } from './reply.ts';
import { handleRoute } from './routes.ts';
import { failOnDemand } from './simulated-failures.ts';

type OneCall = Pick<RecordedRequest, 'method' | 'target' | 'body'>;

/** Replies to a call or a batch as Graph does. */
export async function handleCall(
  graph: Graph,
  request: RecordedRequest,
  authorization: string | undefined,
  ids: CallIds,
): Promise<GraphReply> {
  const { switches } = graph;
  try {
    const isBatch = request.target === '/v1.0/$batch' && request.method === 'POST';
    if (!isBatch) failOnDemand(switches, ids.now);
    const caller = await graph.authenticate(authorization, ids.now);
    evaluateAccess(graph, caller, ids.now);
    if (!isBatch) return handleOne(graph, request, caller, ids.now);
    return handleBatch(request.body, (part) =>
      // Graph throttles each part by itself, inside a response with status 200.
      orErrorReply(ids, () => {
        failOnDemand(switches, ids.now);
        return handleOne(graph, { ...part, target: `/v1.0${part.url}` }, caller, ids.now);
      }),
    );
  } catch (error) {
    if (error instanceof GraphError) return toErrorReply(error, ids);
    throw error;
  }
}

function handleOne(graph: Graph, { method, target, body }: OneCall, caller: Caller, now: Date): GraphReply {
  const { pathname, searchParams } = new URL(target, graph.origin);
  if (!pathname.startsWith('/v1.0/'))
    throw new GraphError(400, 'BadRequest', 'Invalid version: only v1.0 is emulated.');
  return handleRoute({
    ...graph,
    method: method === 'HEAD' ? 'GET' : method,
    path: pathname.slice('/v1.0'.length),
    query: searchParams,
    body,
    caller,
    now,
  });
}

function orErrorReply(ids: CallIds, run: () => GraphReply): GraphReply {
  try {
    return run();
  } catch (error) {
    if (error instanceof GraphError) return toErrorReply(error, ids);
    throw error;
  }
}
