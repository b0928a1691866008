import type { Caller } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';
import { isSelf, type RecordUserOpened } from './administration.ts';
import { type Directory, type DirectoryUser, isObjectId } from './directory.ts';
import type { Grant, Grants } from './grants.ts';
import { loadSection, type Section } from './section.ts';
import type { UserSessionList, UserSessions } from './user-sessions.ts';

/** What the console shows: the users that a text finds, or one user if the text is an object ID. */
export type ConsoleView = SearchView | UserView;

export interface SearchView {
  readonly kind: 'search';
  readonly text: string;
  readonly users: Section<readonly DirectoryUser[]>;
}

export interface UserView {
  readonly kind: 'user';
  readonly objectId: string;
  readonly isSelf: boolean;
  /** Undefined if Graph has no such user. Sessions can outlive an account. */
  readonly user: Section<DirectoryUser | undefined>;
  readonly sessions: Section<UserSessionList>;
  readonly grants: Section<readonly Grant[]>;
}

export interface ConsoleDependencies {
  readonly directory: Directory;
  readonly userSessions: UserSessions;
  readonly grants: Grants;
  readonly recordUserOpened: RecordUserOpened;
}

/** @param via `link` if no page of this service is known to have led to this text */
export type ReadConsole = (
  administrator: Caller,
  text: string,
  log: Log,
  via: 'link' | undefined,
) => Promise<ConsoleView>;

export function createConsole(dependencies: ConsoleDependencies): ReadConsole {
  const { directory, userSessions, grants, recordUserOpened } = dependencies;
  return async (administrator, text, log, via) => {
    const objectId = text.trim().toLowerCase();
    if (!isObjectId(objectId)) {
      const users = await loadSection(() => directory.search(administrator, text, log), log);
      return { kind: 'search', text, users };
    }
    recordUserOpened(administrator, objectId, log, via);
    const [user, sessions, granted] = await Promise.all([
      loadSection(async () => (await directory.search(administrator, objectId, log))[0], log),
      loadSection(() => userSessions.list(administrator, objectId, log), log),
      loadSection(() => grants.list(administrator, objectId, log), log),
    ]);
    return {
      kind: 'user',
      objectId,
      isSelf: isSelf(administrator, objectId),
      user,
      sessions,
      grants: granted,
    };
  };
}
