import { Buffer } from 'node:buffer';
import { keyedHash } from '../../../src/shared/crypto/keyed-hash.ts';
import type { SessionContent } from '../../../src/shared/session/facts.ts';
import { readMsalCache } from '../../../src/shared/tokens/msal-cache.ts';
import { HOLDER_WAIT_MS } from '../../../src/shared/tokens/renewal-lease.ts';
import type { Browser } from './activity.ts';
import { checkEndings, checkIndex, hasEndedMeanwhile } from './endings.ts';
import type { Family, Issue } from './simulated-issuer.ts';
import { keyOf, type Version } from './simulated-table.ts';
import { accessTokenLifetimeSeconds, indexKey, tenantId, users } from './users.ts';
import type { ActivityRecord, World } from './world-state.ts';

/** Returns the violation after a choice, or undefined. */
export function checkStep(world: World): string | undefined {
  for (const version of world.table.versions()) {
    const broken = checkRow(world, version);
    if (broken !== undefined) return broken;
  }
  for (const record of world.records) {
    const broken = checkAnswer(world, record);
    if (broken !== undefined) return broken;
  }
  return checkRedemptions(world) ?? checkLeases(world);
}

/** Returns the violation at the end. */
export function checkEnd(world: World): string | undefined {
  for (const { state, activity, index } of world.records) {
    if (state === 'running') return `every call ends: ${index} (${activity.does}) waits for ever`;
  }
  for (const version of world.table.versions()) {
    const broken = checkKept(world, version);
    if (broken !== undefined) return broken;
  }
  return checkEndings(world) ?? checkIndex(world);
}

const sound = new WeakSet<Version>();

/** A row has one account and no secret of another user, and no deleted row exists. */
function checkRow({ table, reader, issuer }: World, version: Version): string | undefined {
  const { row } = version;
  if (table.removedAtMs.has(keyOf(row))) return 'a deleted row stays away: it is there again';
  if (sound.has(version)) return undefined;
  const opened = reader.open(row);
  if (opened.kind === 'unreadable') return 'every stored row opens';
  if (opened.kind === 'other') return undefined;
  const owner = users.find(({ objectId }) => row.partitionKey === `user-${hashOf(objectId)}`);
  if (owner === undefined) return 'every row is in the partition of a user';
  const { homeAccountIds, idTokens } = readMsalCache(opened.content.msalCache);
  if (homeAccountIds.length !== 1) return `one account to a row: ${homeAccountIds.length}`;
  const text = textOf(opened.content, idTokens);
  for (const { name, objectId } of users) {
    if (name !== owner.name && (text.includes(objectId) || text.includes(`-${name}-`))) {
      return `no secret of one user in the row of another: ${name}'s in ${owner.name}'s`;
    }
  }
  const families = issuer.state.families.filter(({ id }) => text.includes(`-${id}-`));
  if (families.length !== 1) return `one sign-in to a row: ${families.map(({ id }) => id).join(', ')}`;
  sound.add(version);
  return undefined;
}

function hashOf(objectId: string): string {
  return keyedHash(indexKey, ['user', tenantId, objectId]).toString('base64url');
}

/** The content of the row, with the ID tokens' claims in plain text. */
function textOf({ facts, msalCache }: SessionContent, idTokens: readonly string[]): string {
  const payloads = idTokens.map((token) => Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return [JSON.stringify(facts.claims.all), JSON.stringify(facts.account), msalCache, ...payloads].join('\n');
}

/** A sign-out is final, and no call is refused without a cause. */
function checkAnswer(world: World, record: ActivityRecord): string | undefined {
  const { answer, activity, index } = record;
  if (answer === undefined || record.answeredAtStep !== world.trace.length) return undefined;
  const what = `${index} (${activity.does} at ${activity.worker})`;
  switch (answer.kind) {
    case 'crash':
      return `nothing unforeseen: ${what} ${answer.error}`;
    case 'problem':
      return world.faults.length === 0 ? `no problem without a fault: ${what} ${answer.code}` : undefined;
    case 'token':
      if (record.loggedOut === 'here') return `signing out is final at its worker: ${what}`;
      if (record.loggedOut === 'elsewhere' && !hadFreshCopy(world, record)) {
        return `signing out is final at every worker: ${what}`;
      }
      return isPastLimits(world, record) ? `a session ends by its limits: ${what}` : undefined;
    case 'signed-out':
      if (answer.reason === 'ended-meanwhile' && !hasEndedMeanwhile(world, record)) {
        return `no sign-in ends because of an earlier ending: ${what}`;
      }
      return hasEnded(world, record)
        ? undefined
        : `nobody is signed out without a cause: ${what} ${answer.reason}`;
    case 'interaction-required':
      // A worker that overtakes a holder stores the issuer's refusal. The holder may store its tokens right after that.
      return isRedeemable(world, record) && !overtook(world, activity.worker)
        ? `a refusal is true: ${what} ${answer.reason}`
        : undefined;
    case 'done':
    case 'signed-in':
      return undefined;
  }
}

/** The worker requested the row before it was deleted, and less than the cache time ago. */
function hadFreshCopy(
  { messages, table, setting }: World,
  { activity, browser, beganAtMs = 0 }: ActivityRecord,
): boolean {
  if (browser === undefined) return false;
  const row = keyOf(browser.row);
  const removedAtMs = table.removedAtMs.get(row) ?? Number.NEGATIVE_INFINITY;
  return messages.some(
    (message) =>
      message.worker === activity.worker &&
      message.row === row &&
      (message.appliedAtMs ?? Number.POSITIVE_INFINITY) <= removedAtMs &&
      beganAtMs - message.sentAtMs < setting.cacheSeconds * 1000,
  );
}

/** The latest possible use of the session before a moment. Running activities may use it at any time. */
function latestUseMs({ records }: World, browser: Browser, untilMs: number): number {
  const uses = records
    .filter((other) => other.browser === browser && (other.beganAtMs ?? Number.POSITIVE_INFINITY) < untilMs)
    .map(({ answeredAtMs }) => Math.min(answeredAtMs ?? untilMs, untilMs));
  return Math.max(browser.signedInAtMs, ...uses);
}

/** The latest certain use. */
function certainUseMs({ records }: World, browser: Browser): number {
  const uses = records
    .filter((other) => other.browser === browser && other.answer?.kind === 'token')
    .map(({ beganAtMs = 0 }) => beganAtMs);
  return Math.max(browser.signedInAtMs, ...uses);
}

// A worker's clock may be wrong, and its cached session may be old.
const toleranceMs = ({ setting }: World) =>
  2 * Math.max(0, ...Object.values(setting.clockSkewMs ?? {}).map(Math.abs)) + setting.cacheSeconds * 1000;

function isPastLimits(world: World, { browser, beganAtMs = 0 }: ActivityRecord): boolean {
  if (browser === undefined) return true;
  const idleMs = world.setting.idleSeconds * 1000;
  const idleUntilMs = latestUseMs(world, browser, beganAtMs) + idleMs;
  return beganAtMs - toleranceMs(world) >= Math.min(browser.expiresAtMs, idleUntilMs);
}

/** A session is gone for a reason: its limits, or an ending. */
function hasEnded(world: World, { browser }: ActivityRecord): boolean {
  if (browser === undefined) return true;
  // Use is written at most once per twelfth of the idle time, and not if another worker has just written.
  const idleMs = (world.setting.idleSeconds * 1000 * 10) / 12;
  const idleUntilMs = certainUseMs(world, browser) + idleMs;
  if (world.nowMs() + toleranceMs(world) >= Math.min(browser.expiresAtMs, idleUntilMs)) return true;
  return world.records.some(
    ({ activity, browser: other }) =>
      ((activity.does === 'logout' || activity.does === 'sign-in' || activity.does === 'end-one') &&
        other === browser) ||
      (activity.does === 'end-all' && other?.owner === browser.owner) ||
      (activity.does === 'end-by-sid' && other?.sid === browser.sid),
  );
}

/** Whether the refresh token in the row can be redeemed now. */
function isRedeemable({ table, reader, issuer, setting }: World, { browser }: ActivityRecord): boolean {
  const version = table
    .versions()
    .find(({ row }) => browser !== undefined && keyOf(row) === keyOf(browser.row));
  const opened = version && reader.open(version.row);
  if (opened?.kind !== 'session') return false;
  return issuer.state.families.some((family) => {
    const stored = refreshTokenIn(opened.content, family);
    if (stored === undefined || family.revoked) return false;
    return setting.issuer === 'entra-like' || !family.used.includes(stored);
  });
}

/** A refresh token is redeemed once, unless its holder could not store the result or was overtaken. */
function checkRedemptions(world: World): string | undefined {
  const { issues, refused, state } = world.issuer;
  for (const family of state.families) {
    if (isDisturbed(world, family) || isOvertaken(world, family)) continue;
    const again =
      issues.find((issue) => issue.family === family.id && issue.again)?.redeemed ??
      refused.find(({ refreshToken }) => refreshToken.startsWith(`refresh-${family.id}-`))?.refreshToken;
    if (again !== undefined) return `a refresh token is redeemed once: ${again}`;
  }
  return undefined;
}

/** A worker takes over a lease only if it could have seen it for long enough. */
function checkLeases({ logged, records }: World): string | undefined {
  const tooEarly = logged.find(
    ({ worker, record, atMs }) =>
      record.event === 'lease-taken-over' &&
      !records.some(
        ({ activity, beganAtMs = Number.POSITIVE_INFINITY }) =>
          activity.worker === worker && atMs - beganAtMs >= HOLDER_WAIT_MS,
      ),
  );
  return tooEarly && `a holder has its time: overtaken by ${tooEarly.worker} at ${tooEarly.atMs}`;
}

/** The newest tokens are in the row. */
function checkKept(world: World, { row }: Version): string | undefined {
  const opened = world.reader.open(row);
  if (opened.kind !== 'session') return undefined;
  const { content } = opened;
  for (const family of world.issuer.state.families) {
    const stored = refreshTokenIn(content, family);
    if (stored === undefined || isDisturbed(world, family)) continue;
    const overtaken = isOvertaken(world, family);
    // Such an issuer issues tokens to at most one of the two.
    if (overtaken && world.setting.issuer !== 'entra-like') continue;
    // Of two concurrent redemptions, the tokens of the later holder stay. The issuer keeps both valid.
    if (stored !== family.newest && !overtaken) {
      return `the newest refresh token survives: ${stored} of ${family.newest} of ${family.id}`;
    }
    for (const issue of world.issuer.issues) {
      if (issue.atMs + accessTokenLifetimeSeconds * 1000 <= world.nowMs() + toleranceMs(world)) continue;
      if (issue.family === family.id && !isStoredOrSuperseded(world, issue, content, overtaken)) {
        return `every access token is kept: ${issue.accessToken}`;
      }
    }
  }
  return undefined;
}

/** MSAL drops an access token when it stores another one with a common scope (measured), so that one is accepted too. */
function isStoredOrSuperseded(
  { issuer }: World,
  issue: Issue,
  { msalCache }: SessionContent,
  overtaken: boolean,
): boolean {
  const at = issuer.issues.indexOf(issue);
  const isSuperseded = issuer.issues.some(
    ({ family, scopes, atMs }, otherAt) =>
      // Of two that were issued concurrently and expire together, either may stay.
      (otherAt > at || (overtaken && otherAt !== at && atMs === issue.atMs)) &&
      family === issue.family &&
      resourceScopes(scopes).some((scope) => resourceScopes(issue.scopes).includes(scope)),
  );
  return isSuperseded || msalCache.includes(`"${issue.accessToken}"`);
}

const openIdScopes = ['openid', 'profile', 'offline_access'];
const resourceScopes = (scopes: string) => scopes.split(' ').filter((scope) => !openIdScopes.includes(scope));

/** The number of this sign-in's refresh token in the row, or undefined if the row is of another sign-in. */
function refreshTokenIn({ msalCache }: SessionContent, { id }: Family): number | undefined {
  const [, number] = new RegExp(`"refresh-${id}-(\\d+)"`).exec(msalCache) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** Whether a worker stopped waiting for the holder of a lease and took it over. */
function overtook({ logged }: World, worker: string): boolean {
  return logged.some((line) => line.worker === worker && line.record.event === 'lease-taken-over');
}

/** The same for the holder of the lease of this sign-in's session. */
function isOvertaken(world: World, { id }: Family): boolean {
  const { issues, refused } = world.issuer;
  const requests = [
    ...issues.filter(({ family, redeemed }) => family === id && redeemed !== undefined),
    ...refused.filter(({ refreshToken }) => refreshToken.startsWith(`refresh-${id}-`)),
  ];
  return requests.some(({ message }) => {
    const sender = world.messages.find(({ name }) => name === message)?.worker;
    return sender !== undefined && overtook(world, sender);
  });
}

/**
 * A fault happened to a holder between its token request and the write, or its request reached the issuer after others
 * had stopped waiting for it. Then an issuer that rotates strictly costs a sign-in, and another one does not.
 */
function isDisturbed({ issuer, faults, messages, keptAfter }: World, { id }: Family): boolean {
  const sentAt = (name: string) => messages.findIndex((message) => message.name === name);
  const befell = (worker: string, since: number, until: number) =>
    faults.some((fault) => {
      if (fault.worker !== worker || fault.kind === 'repeated' || fault.afterMessages >= until) return false;
      return fault.message === undefined || messages.indexOf(fault.message) >= since;
    });
  const asked = issuer.issues.some(({ family, worker, message, refreshToken }) => {
    const until = keptAfter.get(refreshToken) ?? Number.POSITIVE_INFINITY;
    return family === id && befell(worker, sentAt(message), until);
  });
  const late = issuer.refused.some(({ refreshToken, message }) => {
    const since = sentAt(message);
    const worker = messages[since]?.worker ?? '';
    return refreshToken.startsWith(`refresh-${id}-`) && befell(worker, since, Number.POSITIVE_INFINITY);
  });
  return asked || late;
}
