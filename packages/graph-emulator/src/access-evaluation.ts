import { findUserByObjectId, graphResourceId } from '@entra-bff/directory';
import type { Caller } from './access-token.ts';
import { challengeHeader, type Demand, describeDemand } from './claims-challenge.ts';
import type { Graph } from './graph.ts';
import { GraphError } from './reply.ts';

/** The authentication context that the switch demands. */
const demandedContext = 'c1';

/**
 * Refuses a token that was valid when it was issued and no longer is. An app that has declared that it understands claims
 * challenges gets one. Every other app gets the error for an invalid token; the real Graph would accept its token until it
 * expires.
 * @throws {GraphError}
 */
export function evaluateAccess(graph: Graph, caller: Caller, now: Date): void {
  const demand = unmetDemand(graph, caller, now);
  if (demand === undefined) return;
  const authorizationUri = `${graph.entraOrigin}/common/oauth2/authorize`;
  const clientId = graphResourceId;
  const header = caller.understandsChallenges
    ? challengeHeader(demand, graph.switches.challengeForm, { authorizationUri, clientId })
    : `Bearer realm="", authorization_uri="${authorizationUri}", client_id="${clientId}"`;
  const message = caller.understandsChallenges
    ? describeDemand(demand)
    : 'Lifetime validation failed, the token is expired.';
  throw new GraphError(401, 'InvalidAuthenticationToken', message, { 'WWW-Authenticate': header });
}

function unmetDemand(
  { switches, revocations, directory }: Graph,
  caller: Caller,
  now: Date,
): Demand | undefined {
  if (switches.alwaysChallenges)
    return { kind: 'issued-after', epochSeconds: Math.floor(now.getTime() / 1000) };
  const userId = findUserByObjectId(directory, caller.tenantId, caller.userId)?.id ?? caller.userId;
  const validFrom = revocations.validFrom(userId);
  if (caller.notBeforeSeconds < validFrom) return { kind: 'issued-after', epochSeconds: validFrom };
  if (switches.authenticationContextDemanded && !caller.authenticationContexts.includes(demandedContext))
    return { kind: 'authentication-context', name: demandedContext };
  return undefined;
}
