import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { isSelf, type RecordOpening } from './administered-user.ts';
import { type Directory, isObjectId, type Person } from './directory.ts';
import type { Grant, Grants } from './grants.ts';
import { attempt, type Part } from './section.ts';
import type { UserSessionList, UserSessions } from './user-sessions.ts';

/** What the console shows for the text that somebody is looked for by. */
export type ConsoleView = PeopleView | PersonView;

export interface PeopleView {
  readonly kind: 'people';
  readonly text: string;
  readonly people: Part<readonly Person[]>;
}

export interface PersonView {
  readonly kind: 'person';
  readonly objectId: string;
  readonly isSelf: boolean;
  /** Undefined for an id that Graph does not know: sessions may outlive an account. */
  readonly person: Part<Person | undefined>;
  readonly sessions: Part<UserSessionList>;
  readonly grants: Part<readonly Grant[]>;
}

export interface ConsoleNeeds {
  readonly directory: Directory;
  readonly userSessions: UserSessions;
  readonly grants: Grants;
  readonly recordOpening: RecordOpening;
}

/** @param via `link` if no page of this service is known to have led to this text */
export type ReadConsole = (
  session: Session,
  text: string,
  log: Log,
  via: 'link' | undefined,
) => Promise<ConsoleView>;

export function createConsole({ directory, userSessions, grants, recordOpening }: ConsoleNeeds): ReadConsole {
  return async (session, text, log, via) => {
    const objectId = text.trim().toLowerCase();
    if (!isObjectId(objectId)) {
      const people = await attempt(() => directory.find(session, text, log), log);
      return { kind: 'people', text, people };
    }
    recordOpening(session, objectId, log, via);
    const [person, sessions, granted] = await Promise.all([
      attempt(async () => (await directory.find(session, objectId, log))[0], log),
      attempt(() => userSessions.list(session, objectId, log), log),
      attempt(() => grants.list(session, objectId, log), log),
    ]);
    return {
      kind: 'person',
      objectId,
      isSelf: isSelf(session, objectId),
      person,
      sessions,
      grants: granted,
    };
  };
}
