import { chooseScopes } from '../entra/scopes.ts';
import type { CallNeed } from '../interaction/call-token.ts';
import { isMissingScopes } from '../interaction/consent-backoff.ts';
import type { PermissionOutcome, RequestPermissions } from '../interaction/missing-permissions.ts';
import { type Caller, sessionOf, toCaller } from '../session/caller.ts';
import type { Session } from '../session/session.ts';
import type { Log } from '../telemetry/log.ts';
import { answerParts, type BatchItem, type BatchPart, partsOf } from './batch-item.ts';

/**
 * Each request costs a redemption of the refresh token, and Entra ID throttles users with many. Further permissions get the
 * outcome of the request for all.
 */
const MAX_SEPARATE_REQUESTS = 4;

/**
 * Answers the parts whose permissions the user has not granted. The permissions of all parts are requested at once. Entra ID
 * does not indicate which of them it refuses, so they are then requested separately.
 * @returns the caller to continue with, because the session has new tokens
 * @throws {BffError} session_required; if no part can be sent and the permissions are not the reason, the problem of all
 */
export async function permitParts(
  caller: Caller,
  items: readonly BatchItem[],
  log: Log,
  requestPermissions: RequestPermissions,
): Promise<{ readonly caller: Caller; readonly items: readonly BatchItem[] }> {
  const session = sessionOf(caller);
  const parts = partsOf(items);
  const lacking = parts.filter((part) => isLacking(session, part));
  const [first] = lacking;
  if (first === undefined) return { caller, items };
  const needed = union(parts.map((part) => scopesOf(session, part)));
  const ofAll = await requestPermissions(session, needed, log);
  if (ofAll.kind === 'granted') return { caller: toCaller(ofAll.session), items };
  if (lacking.length === parts.length && !ofAll.concernsPermissions) {
    throw ofAll.problemOf({ feature: first.call.rule.feature, scopes: needed });
  }
  const sets = new Map(lacking.map(({ call }) => [keyOf(call.rule.scopes), call.rule.scopes]));
  const outcomes = new Map<string, PermissionOutcome>();
  let current = session;
  const separateRequests = sets.size > 1 && ofAll.concernsPermissions ? MAX_SEPARATE_REQUESTS : 0;
  for (const [key, scopes] of [...sets].slice(0, separateRequests)) {
    const outcome = await requestPermissions(current, scopes, log);
    if (outcome.kind === 'granted') current = outcome.session;
    outcomes.set(key, outcome);
  }
  const answered = await answerParts(items, (part) => {
    const { feature, scopes } = part.call.rule;
    if (!lacking.includes(part)) return undefined;
    const outcome = outcomes.get(keyOf(scopes)) ?? ofAll;
    return outcome.kind === 'granted' ? undefined : outcome.problemOf({ feature, scopes });
  });
  return { caller: current === session ? caller : toCaller(current), items: answered };
}

/** Whether a part is certain to be sent: it waits for no other one, and the user has granted its permissions. */
export function hasPermittedPart(caller: Caller, items: readonly BatchItem[]): boolean {
  const session = sessionOf(caller);
  return partsOf(items).some((part) => part.dependsOn.length === 0 && !isLacking(session, part));
}

/**
 * What the parts need that are sent with one token. If the token is refused after all, the problem names the first feature
 * that lacks a permission.
 */
export function needOf(session: Session, parts: readonly [BatchPart, ...BatchPart[]]): CallNeed {
  const lacking = parts.find((part) => isLacking(session, part));
  const { feature } = (lacking ?? parts[0]).call.rule;
  return { scopes: union(parts.map((part) => scopesOf(session, part))), alternatives: [], feature };
}

const scopesOf = ({ facts }: Session, { call }: BatchPart) => chooseScopes(call.rule, facts.grantedScopes);

const isLacking = (session: Session, part: BatchPart) => isMissingScopes(session, scopesOf(session, part));

const union = (lists: readonly (readonly string[])[]) => [...new Set(lists.flat())];

const keyOf = (scopes: readonly string[]) => scopes.toSorted().join(' ');
