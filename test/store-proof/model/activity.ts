import type { Buffer } from 'node:buffer';
import { BffError } from '../../../src/shared/errors.ts';
import { toCaller } from '../../../src/shared/session/caller.ts';
import type { RowKeys } from '../../../src/shared/storage/table.ts';
import type { Log } from '../../../src/shared/telemetry/log.ts';
import type { SimulatedIssuer } from './simulated-issuer.ts';
import { type ModelUser, tenantId, users } from './users.ts';
import type { Worker } from './worker.ts';

/** An action of a user on one worker with one browser. */
export type Activity = {
  readonly worker: string;
  readonly browser: string;
  /** Begins only after the response to this other one. Default: at once. */
  readonly after?: number;
} /** `guarded`: the claims must not be older than five minutes, and are renewed ahead of time from four minutes on. */ & (
  | { readonly does: 'call'; readonly scopes?: readonly string[]; readonly guarded?: boolean }
  /** `informed`: it reads the session first for its sid, as the function does. */
  | { readonly does: 'logout'; readonly informed?: boolean }
  | { readonly does: 'end-all' }
  /** Ends the session of this browser from the list of sessions in another one. */
  | { readonly does: 'end-one' }
  /** The session of Entra ID in this browser has ended. */
  | { readonly does: 'end-by-sid' }
  | { readonly does: 'decline' }
  /** An action of the timer. The browser does not matter. */
  | { readonly does: 'sweep' }
  /** `callbackOf`: several sign-ins with the same name are callbacks of one login transaction. */
  | { readonly does: 'sign-in'; readonly user: ModelUser; readonly callbackOf?: string }
);

/** The response to an activity. */
export type Answer =
  | { readonly kind: 'token'; readonly accessToken: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'signed-in'; readonly row: RowKeys }
  | { readonly kind: 'interaction-required'; readonly reason: string }
  /** The cookie had no session, at the start or later. */
  | { readonly kind: 'signed-out'; readonly reason: string }
  | { readonly kind: 'problem'; readonly code: string }
  /** An error that the product does not expect. */
  | { readonly kind: 'crash'; readonly error: string };

/** A browser's cookie and the address in it. */
export interface Browser {
  readonly owner: ModelUser['name'];
  readonly cookieValue: string;
  readonly row: RowKeys;
  /** The sid of Entra ID's session in this browser. */
  readonly sid: string;
  readonly signedInAtMs: number;
  readonly expiresAtMs: number;
}

export interface ActivityNeeds {
  readonly worker: Worker;
  readonly issuer: SimulatedIssuer;
  readonly browsers: Map<string, Browser>;
  readonly now: () => Date;
  readonly absoluteSeconds: number;
  readonly log: Log;
}

const defaultScopes = ['User.Read'];

/** Executes an activity in the order of `endpoint.ts`: read, record the use, then the function. */
export async function perform(activity: Activity, needs: ActivityNeeds): Promise<Answer> {
  try {
    switch (activity.does) {
      case 'call':
        return await call(activity, needs);
      case 'logout':
        return await logOut(activity, needs);
      case 'end-all':
        return await endAll(activity, needs);
      case 'end-one':
        return await endOne(activity, needs);
      case 'end-by-sid':
        return await endBySid(activity, needs);
      case 'decline':
        return await decline(activity, needs);
      case 'sweep':
        await needs.worker.sweep(needs.log);
        return { kind: 'done' };
      case 'sign-in':
        return await signIn(activity, needs);
    }
  } catch (error) {
    return error instanceof BffError
      ? { kind: 'problem', code: error.code }
      : { kind: 'crash', error: String(error) };
  }
}

async function call(
  { browser, scopes = defaultScopes, guarded = false }: Activity & { readonly does: 'call' },
  { worker, browsers, now, log }: ActivityNeeds,
): Promise<Answer> {
  const read = await worker.store.read(browsers.get(browser)?.cookieValue ?? '');
  if (read.kind === 'none') return { kind: 'signed-out', reason: read.reason };
  if (read.kind === 'newer') return { kind: 'problem', code: 'storage_unavailable' };
  const touched = await worker.store.extend(read.session);
  if (touched.kind === 'gone') return { kind: 'signed-out', reason: 'missing' };
  const { session } = touched;
  const notBefore = new Date(now().getTime() - 5 * 60_000);
  const ageMs = now().getTime() - session.facts.claimsAsOf.getTime();
  if (guarded && ageMs >= 4 * 60_000 && ageMs <= 5 * 60_000) worker.renewIdentityAhead(session);
  const renewal =
    guarded && session.facts.claimsAsOf < notBefore
      ? await worker.renewIdentity(session, notBefore, log)
      : { kind: 'renewed' as const, session };
  if (renewal.kind === 'interaction-required') return { kind: renewal.kind, reason: renewal.reason };
  if (renewal.kind === 'session-ended') return { kind: 'signed-out', reason: renewal.kind };
  if (guarded && renewal.session.facts.claimsAsOf < notBefore) {
    return { kind: 'crash', error: 'let in by old claims' };
  }
  const acquisition = await worker.acquireAccessToken(renewal.session, scopes, log);
  switch (acquisition.kind) {
    case 'token':
      return { kind: 'token', accessToken: acquisition.accessToken };
    case 'interaction-required':
      return { kind: 'interaction-required', reason: acquisition.reason };
    case 'session-ended':
      return { kind: 'signed-out', reason: 'session-ended' };
  }
}

async function logOut(
  { browser, informed = false }: Activity & { readonly does: 'logout' },
  { worker, browsers, log }: ActivityNeeds,
): Promise<Answer> {
  const cookieValue = browsers.get(browser)?.cookieValue;
  const read = informed ? await worker.store.read(cookieValue ?? '').catch(() => undefined) : undefined;
  const caller = read?.kind === 'live' ? toCaller(read.session) : undefined;
  const outcome = await worker.logout.end(cookieValue, caller, log);
  // `pending` means that it is incomplete and completed at the browser's next visit.
  return outcome.kind === 'done' ? { kind: 'done' } : { kind: 'problem', code: 'storage_unavailable' };
}

/** Ends all sessions of the browser's user, including this one. */
async function endAll({ browser }: Activity, { worker, browsers }: ActivityNeeds): Promise<Answer> {
  const owner = users.find(({ name }) => name === browsers.get(browser)?.owner);
  if (owner !== undefined) await worker.store.endAll({ tenantId, objectId: owner.objectId });
  return { kind: 'done' };
}

async function endOne({ browser }: Activity, { worker, browsers }: ActivityNeeds): Promise<Answer> {
  const ended = browsers.get(browser);
  const owner = users.find(({ name }) => name === ended?.owner);
  if (ended === undefined || owner === undefined) return { kind: 'done' };
  const id = ended.row.rowKey.slice('session-'.length);
  await worker.store.endOne({ tenantId, objectId: owner.objectId }, id);
  return { kind: 'done' };
}

/** Ends the sessions with the sid of Entra ID's session in this browser. */
async function endBySid({ browser }: Activity, { worker, browsers }: ActivityNeeds): Promise<Answer> {
  const sid = browsers.get(browser)?.sid;
  if (sid !== undefined) await worker.store.endBySid(sid);
  return { kind: 'done' };
}

/** Records that the user declined a feature, as the callback does. */
async function decline({ browser }: Activity, { worker, browsers }: ActivityNeeds): Promise<Answer> {
  const read = await worker.store.read(browsers.get(browser)?.cookieValue ?? '');
  if (read.kind === 'none') return { kind: 'signed-out', reason: read.reason };
  if (read.kind === 'newer') return { kind: 'problem', code: 'storage_unavailable' };
  const touched = await worker.store.extend(read.session);
  if (touched.kind === 'gone') return { kind: 'signed-out', reason: 'missing' };
  const { session } = touched;
  const mail = { by: 'user', count: 1, askAgainAt: '2099-01-01T00:00:00.000Z' } as const;
  const facts = { ...session.facts, consentDenials: { mail } };
  await worker.store.write(session, { ...session, facts });
  return { kind: 'done' };
}

async function signIn(
  { worker: at, browser, user, callbackOf }: Activity & { readonly does: 'sign-in' },
  { worker, issuer, browsers, now, absoluteSeconds }: ActivityNeeds,
): Promise<Answer> {
  const earliestStart = worker.store.signInStart(now());
  const state = callbackOf ?? `state of ${browser}, ${worker.random(16).toString('base64url')}`;
  // An issuer that redeems a code twice gives each callback its own tokens.
  const nonce = `nonce of ${state}, ${at}`;
  const redeemed = await worker.codeFlow.redeem({
    // A new sign-in in a browser continues Entra ID's session there.
    code: issuer.authorize(user, nonce, browsers.get(browser)?.sid),
    scopes: defaultScopes,
    nonce,
    codeVerifier: 'v'.repeat(43),
  });
  if (redeemed.kind !== 'redeemed') return { kind: 'crash', error: `sign-in ${redeemed.kind}` };
  const { claims, account, msalCache, grantedScopes } = redeemed;
  const facts = {
    sessionChainId: worker.random(16).toString('base64url'),
    claims,
    claimsAsOf: now(),
    account,
    signedInAt: now(),
    expiresAt: new Date(now().getTime() + absoluteSeconds * 1000),
    grantedScopes,
    consentDenials: {},
  };
  const rowId: Buffer = worker.rowIdOf(state);
  const created = await worker.store.create({ facts, msalCache, tokenGeneration: 0 }, rowId, earliestStart);
  if (created.kind === 'ended-meanwhile') return { kind: 'signed-out', reason: created.kind };
  if (created.kind === 'exists' && callbackOf !== undefined) return { kind: 'done' };
  if (created.kind !== 'created') return { kind: 'crash', error: `session ${created.kind}` };
  const { cookieValue, session } = created;
  const before = worker.store.locatorOf(browsers.get(browser)?.cookieValue ?? '');
  // A remaining row ends by its limits, and no browser has its cookie.
  const replaced =
    before &&
    (await worker.store.remove(before).then(
      () => before,
      () => undefined,
    ));
  await created.endLeastRecentlyUsed(replaced).catch(() => 0);
  const row = {
    partitionKey: `user-${session.locator.userHash.toString('base64url')}`,
    rowKey: `session-${rowId.toString('base64url')}`,
  };
  browsers.set(browser, {
    owner: user.name,
    cookieValue,
    row,
    sid: claims.entraSessionId ?? '',
    signedInAtMs: facts.signedInAt.getTime(),
    expiresAtMs: facts.expiresAt.getTime(),
  });
  return { kind: 'signed-in', row };
}
