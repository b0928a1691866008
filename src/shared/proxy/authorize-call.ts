import type { Authorization } from '../access/authorize.ts';
import { chooseScopes } from '../entra/scopes.ts';
import type { Interaction } from '../interaction/interaction.ts';
import type { PolicyRule } from '../policy/rule.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';

export interface AuthorizeDependencies {
  readonly authorization: Authorization;
  readonly interaction: Pick<Interaction, 'requireNoActiveDenial'>;
}

/**
 * Checks whether the user may make a call that this rule allows: the rule's guard must let the user pass, and none of the
 * needed permissions may have been declined a short time ago.
 * @returns the caller to continue with, because the claims may have been renewed
 * @throws {BffError} claim_required, interaction_required, session_required, consent_declined, admin_consent_required,
 * and the codes of renewing the claims
 */
export async function authorizeCall(
  caller: Caller,
  rule: PolicyRule,
  log: Log,
  { authorization, interaction }: AuthorizeDependencies,
): Promise<Caller> {
  const { feature, guard } = rule;
  const authorized = guard === undefined ? caller : await authorization.forCall(log, feature)(caller, guard);
  const session = sessionOf(authorized);
  interaction.requireNoActiveDenial(session, feature, chooseScopes(rule, session.facts.grantedScopes));
  return authorized;
}
