import type { Admission } from '../access/admission.ts';
import { chooseScopes } from '../entra/scopes.ts';
import type { Interaction } from '../interaction/interaction.ts';
import type { PolicyRule } from '../policy/rule.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';

export interface AuthorizeDependencies {
  readonly admission: Admission;
  readonly interaction: Pick<Interaction, 'requireNotWithheld'>;
}

/**
 * Checks whether the user may make the call of this rule: the rule's guard, and whether a needed permission was declined
 * a short time ago.
 * @returns the caller to continue with, because the claims may have been renewed
 * @throws {BffError} claim_required, interaction_required, session_required, consent_declined, admin_consent_required,
 * and those of renewing the claims
 */
export async function authorizeCall(
  caller: Caller,
  rule: PolicyRule,
  log: Log,
  { admission, interaction }: AuthorizeDependencies,
): Promise<Caller> {
  const { feature, guard } = rule;
  const admitted = guard === undefined ? caller : await admission.of(log, feature)(caller, guard);
  const session = sessionOf(admitted);
  interaction.requireNotWithheld(session, feature, chooseScopes(rule, session.facts.grantedScopes));
  return admitted;
}
