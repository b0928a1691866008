import { BffError } from '../errors.ts';
import { guidPattern } from '../guid.ts';
import { changesIfDecoded } from '../policy/characters.ts';
import type { Caller } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';
import { type AdministratorGraph, type GraphObject, permissions, toEntries } from './administration.ts';

/** A user of the administrator's tenant, as Graph describes them. */
export interface DirectoryUser {
  /** Object ID. */
  readonly id: string;
  readonly name: string;
  readonly username: string;
}

/** Finds users with the administrator's permissions in Graph. */
export interface Directory {
  /**
   * @param text a complete email address or object ID, or the beginning of a name
   * @returns at most {@link MAX_RESULTS} users
   * @throws {BffError} request_invalid for a text that cannot match a user, and any code of a `GraphClient` call
   */
  search(administrator: Caller, text: string, log: Log): Promise<readonly DirectoryUser[]>;
}

export const MAX_RESULTS = 10;
const MAX_TEXT_LENGTH = 254; // the longest email address (RFC 5321, 4.5.3.1)

export function createDirectory(graph: AdministratorGraph): Directory {
  return {
    async search(administrator, text, log) {
      const response = await graph.get(administrator, toUsersPath(text), { ...permissions.users, log });
      return toEntries(response).slice(0, MAX_RESULTS).flatMap(toDirectoryUser);
    },
  };
}

/** True for an object ID in its canonical spelling. Hashes of other spellings would not lead to the user's rows. */
export function isObjectId(text: string): boolean {
  return guidPattern.test(text);
}

/** @throws {BffError} not_found if the text is not an object ID */
export function requireObjectId(text: string): string {
  if (!isObjectId(text)) {
    throw new BffError('not_found', {
      detail: 'The user in this URL is not an object ID in lower case.',
    });
  }
  return text;
}

/**
 * Builds the path that finds users by this text. The text can only be compared and never changes the filter: quotes are
 * doubled, and the whole text is percent-encoded. Text that would get another meaning if Graph decoded it twice and split
 * it again is refused.
 * @see https://learn.microsoft.com/graph/filter-query-parameter
 * @throws {BffError} request_invalid
 */
export function toUsersPath(text: string): string {
  const searchText = text.trim();
  if (
    searchText === '' ||
    searchText.length > MAX_TEXT_LENGTH ||
    /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(searchText)
  ) {
    throw new BffError('request_invalid', {
      detail: `Enter an email address, an object ID or the beginning of a name: 1 to ${MAX_TEXT_LENGTH} printable characters.`,
    });
  }
  if (searchText.includes('&') || changesIfDecoded(searchText)) {
    throw new BffError('request_invalid', {
      detail:
        'Enter the text without "&" and without percent-encoded characters: Microsoft Graph may interpret them as query syntax.',
    });
  }
  const query = {
    $filter: toFilter(searchText),
    $select: 'id,displayName,userPrincipalName,mail',
    $top: String(MAX_RESULTS),
  };
  return `/users?${Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')}`;
}

function toFilter(text: string): string {
  if (isObjectId(text.toLowerCase())) return `id eq '${text.toLowerCase()}'`;
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('@')
    ? `userPrincipalName eq ${quoted} or mail eq ${quoted}`
    : `startswith(displayName,${quoted})`;
}

function toDirectoryUser({ id, displayName, userPrincipalName, mail }: GraphObject): DirectoryUser[] {
  if (typeof id !== 'string' || !isObjectId(id.toLowerCase())) return [];
  const username = toText(userPrincipalName) ?? toText(mail) ?? '';
  return [{ id: id.toLowerCase(), name: toText(displayName) ?? username, username }];
}

/** The text without bidirectional control characters, which would reorder the words of the page around it. */
function toText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.replace(/[\u202a-\u202e\u2066-\u2069]/g, '');
}
