import type { Authorization } from '../access/authorize.ts';
import type { Guard } from '../access/rules.ts';
import { activeDenial } from '../interaction/consent-backoff.ts';
import { loginPath } from '../interaction/interaction.ts';
import { type Features, isGranted } from '../policy/features.ts';
import type { PolicyFeature } from '../policy/policy.ts';
import { type Caller, sessionOf } from '../session/caller.ts';
import type { Session } from '../session/session.ts';

/** Whether the permissions of a feature are granted, and if not, why not. */
export type FeatureState = 'granted' | 'not_asked' | 'declined' | 'needs_admin';

/** The response of `api/auth/session`. It has a fixed set of fields and never contains a token. */
export type SessionResponse =
  | { readonly signed_in: false; readonly login_url: string }
  | {
      readonly signed_in: true;
      /**
       * The page sends this tag with its calls. If the browser's session has another tag by then, the service refuses
       * the calls. The tag stays the same when the same user signs in again from this session, for example for consent or
       * a step-up. It grants no access.
       */
      readonly session_tag: string;
      readonly name: string;
      readonly username: string;
      readonly tenant_id: string;
      readonly roles: readonly string[];
      /**
       * For each named guard, whether it would allow the user. A hint for the page: the guard itself decides at each
       * call.
       */
      readonly can: Readonly<Record<string, boolean>>;
      readonly features: Readonly<Record<string, FeatureState>>;
      /** Changes with every completed sign-in, including those for consent or step-up. */
      readonly signed_in_at: string;
      readonly expires_at: string;
      readonly idle_expires_at: string;
      readonly login_url: string;
    };

export interface SessionResponseDependencies {
  readonly features: Features;
  readonly guards: Readonly<Record<string, Guard>>;
  readonly authorization: Pick<Authorization, 'wouldAllow'>;
  readonly now: () => Date;
}

export function createSessionResponse({ features, guards, authorization, now }: SessionResponseDependencies) {
  return (caller: Caller | undefined): SessionResponse => {
    if (caller === undefined) return { signed_in: false, login_url: loginPath };
    const session = sessionOf(caller);
    const { facts, idleExpiresAt } = session;
    const { principal, roles } = facts.claims;
    return {
      signed_in: true,
      session_tag: facts.sessionChainId,
      name: principal.name,
      username: principal.username,
      tenant_id: principal.tenantId,
      roles,
      can: Object.fromEntries(
        Object.entries(guards).map(([name, guard]) => [name, authorization.wouldAllow(caller, guard)]),
      ),
      features: Object.fromEntries(
        features.all.map((feature) => [feature.name, featureState(feature, session, now())]),
      ),
      signed_in_at: facts.signedInAt.toISOString(),
      expires_at: facts.expiresAt.toISOString(),
      idle_expires_at: (idleExpiresAt < facts.expiresAt ? idleExpiresAt : facts.expiresAt).toISOString(),
      login_url: loginPath,
    };
  };
}

function featureState(feature: PolicyFeature, session: Session, now: Date): FeatureState {
  if (isGranted(feature, session.facts.grantedScopes)) return 'granted';
  const denial = activeDenial(session, feature.name, now);
  if (denial === undefined) return 'not_asked';
  return denial.by === 'user' ? 'declined' : 'needs_admin';
}
