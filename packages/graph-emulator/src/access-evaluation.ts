import { type Directory, findUserByObjectId, graphResourceId } from '@entra-bff/directory';
import type { Caller } from './access-token.ts';
import { GraphError } from './answers.ts';
import { challengeHeader, type Demand, describeDemand } from './claims-challenge.ts';
import type { Revocations } from './revocations.ts';
import type { GraphSwitches } from './switches.ts';

/** The authentication context that is demanded where the switch says so. */
const demandedContext = 'c1';

/**
 * Refuses a token that was good when it was issued and is no longer: with a claims challenge where the app has declared
 * that it understands one, else as any token that is not valid. The real Graph lets the latter live on until it expires.
 * @throws {GraphError}
 */
export function evaluateAccess(
  caller: Caller,
  at: {
    readonly switches: GraphSwitches;
    readonly revocations: Revocations;
    readonly directory: Directory;
    readonly entraOrigin: string;
    readonly now: Date;
  },
): void {
  const demand = unmetDemand(caller, at);
  if (demand === undefined) return;
  const authorizationUri = `${at.entraOrigin}/common/oauth2/authorize`;
  const clientId = graphResourceId;
  const header = caller.understandsChallenges
    ? challengeHeader(demand, at.switches.challengeForm, { authorizationUri, clientId })
    : `Bearer realm="", authorization_uri="${authorizationUri}", client_id="${clientId}"`;
  const message = caller.understandsChallenges
    ? describeDemand(demand)
    : 'Lifetime validation failed, the token is expired.';
  throw new GraphError(401, 'InvalidAuthenticationToken', message, { 'WWW-Authenticate': header });
}

function unmetDemand(
  caller: Caller,
  { switches, revocations, directory, now }: Parameters<typeof evaluateAccess>[1],
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
