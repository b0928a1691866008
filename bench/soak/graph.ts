import { decodeJwt } from 'jose';
import { SLOW_MS, THROTTLED_SECONDS } from './faults.ts';
import type { GateReply, GateRequest, Service } from './gate.ts';
import { type Plant, planted } from './plants.ts';

/**
 * Graph, as far as the soak needs it: returns the identity in the access token with every response, and counts how often
 * each write arrives. It does not verify tokens, because that would take more time than everything else.
 */
export interface GraphStandIn extends Service {
  /** How often the write with this id took effect. */
  readonly writes: ReadonlyMap<string, number>;
}

/** Marks what Graph itself responds, so that it cannot be mistaken for a problem of the service. */
export const GRAPH_ERROR_CODE = 'soakFault';

/** A response has the size of a user's profile. */
const about = 'x'.repeat(1_200);

export function createGraph(active: readonly Plant[]): GraphStandIn {
  const writes = new Map<string, number>();
  const isAnother = planted(active, 'another-user', 500);
  const isTwice = planted(active, 'write-twice', 20);
  const isLost = planted(active, 'lost-write', 20);
  const isNeedless = planted(active, 'needless-refusal', 200);

  const write = (id: string) => {
    if (isLost()) return;
    writes.set(id, (writes.get(id) ?? 0) + (isTwice() ? 2 : 1));
  };
  const refuse = (status: 429 | 503, request: GateRequest): GateReply =>
    json(request, status, { error: { code: GRAPH_ERROR_CODE, message: 'Simulated.' } }, retryAfter(status));

  return {
    writes,
    slowMs: SLOW_MS.graph,
    refuse,
    handle(request) {
      if (isNeedless()) return refuse(503, request);
      const { method, headers, body } = request;
      const owner = ownerOf(headers.authorization);
      if (owner === undefined) return json(request, 401, { error: { code: 'InvalidAuthenticationToken' } });
      const requestId = headers['client-request-id'];
      const id = isAnother() ? owner.replaceAll(/./g, '0') : owner;
      if (method === 'GET') return json(request, 200, { id, requestId, about });
      const title = String(JSON.parse(body.toString('utf8'))['title']);
      write(title);
      return json(request, 201, { id: title, owner: id, requestId });
    },
  };
}

/** Only a busy server announces a time. One that is down does not know it. */
function retryAfter(status: 429 | 503): Record<string, string> {
  return status === 429 ? { 'retry-after': String(THROTTLED_SECONDS) } : {};
}

function ownerOf(authorization = ''): string | undefined {
  const [, token] = /^Bearer (\S+)$/.exec(authorization) ?? [];
  const owner = token === undefined ? undefined : decodeJwt(token)['oid'];
  return typeof owner === 'string' ? owner : undefined;
}

function json(
  { headers }: GateRequest,
  status: number,
  body: unknown,
  more: Readonly<Record<string, string>> = {},
): GateReply {
  const requestId = headers['client-request-id'];
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...(typeof requestId === 'string' ? { 'client-request-id': requestId } : {}),
      ...more,
    },
    body: JSON.stringify(body),
  };
}
