import type { AllowedCall } from '../policy/match.ts';
import type { Caller } from '../session/caller.ts';

/** `/v1.0/users('ID')` or `/v1.0/users/ID`, and the rest of the path. */
const ofUser = /^(\/(?:v1\.0|beta)\/)users(?:\('([^'/]+)'\)|\/([^'/()]+))(?=\/)/i;

/** A drive by its id, or by its owner. */
const driveById = /^\/(?:v1\.0|beta)\/drives(?:\('[^'/]+'\)|\/[^/]+)(?=\/)/i;
const driveByOwner = /^\/(?:v1\.0|beta)\/(?:me|(?:users|groups|sites)(?:\('[^/]+'\)|\/[^/]+))\/drive(?=\/)/i;

const itemById = /^\/items(?:\('[^'/]+'\)|\/[^/]+)(?=\/)/i;
/** `/root`, or `/root:/Reports/2026:` */
const itemByPath = /^\/root(?::\/.+:)?(?=\/)/i;

/**
 * The path of a link that Graph wrote into the response to a call, in each spelling that the call may have used for it. Graph
 * writes the signed-in user as `users('ID')`, a user's drive as `drives('ID')`, and a folder by its id, also if the call was
 * for `me`, for the `drive` of its owner, or for the path of a folder. A link that is spelt anew is sent as the call was, so
 * it can reach only what the call has reached.
 */
export function spellingsOf(
  path: string,
  call: Pick<AllowedCall, 'path'>,
  user: Pick<Caller['user'], 'objectId'>,
): readonly string[] {
  const ownPath = withMe(path, user);
  const spellings = ownPath === undefined ? [path] : [path, ownPath];
  return [...spellings, ...spellings.flatMap((spelling) => withDriveOf(call.path, spelling))];
}

/** The same path with `me`, if it names the signed-in user by id. */
export function withMe(path: string, { objectId }: Pick<Caller['user'], 'objectId'>): string | undefined {
  const [beginning = '', version = '', quoted, plain] = ofUser.exec(path) ?? [];
  const isCaller = (quoted ?? plain)?.toLowerCase() === objectId.toLowerCase();
  return isCaller ? `${version}me${path.slice(beginning.length)}` : undefined;
}

function withDriveOf(callPath: string, path: string): readonly string[] {
  const callDrive = (driveByOwner.exec(callPath) ?? driveById.exec(callPath))?.[0];
  const drive = (driveByOwner.exec(path) ?? driveById.exec(path))?.[0];
  if (callDrive === undefined || drive === undefined || versionOf(callPath) !== versionOf(path)) return [];
  // A drive that the call names by its id is compared with the one of the link.
  const base = driveById.test(path) && driveByOwner.test(callPath) ? callDrive : drive;
  const rest = path.slice(drive.length);
  const [item] = itemById.exec(rest) ?? [];
  const [callItem] = itemByPath.exec(callPath.slice(callDrive.length)) ?? [];
  return [
    ...(base === drive ? [] : [base + rest]),
    ...(item === undefined || callItem === undefined ? [] : [base + callItem + rest.slice(item.length)]),
  ];
}

const versionOf = (path: string) => path.split('/', 2)[1]?.toLowerCase();
