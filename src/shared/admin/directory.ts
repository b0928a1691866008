import { BffError } from '../errors.ts';
import { decodeAgain } from '../policy/rereadings.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { needs } from './administration.ts';
import { type GraphCalls, toRecords } from './graph-calls.ts';

/** Somebody in the administrator's tenant, as Graph names them. */
export interface Person {
  /** The object id there. */
  readonly id: string;
  readonly name: string;
  readonly username: string;
}

/** Finds people with the administrator's own rights. */
export interface Directory {
  /**
   * @param text an address or an object id, exactly, or the beginning of a name
   * @returns at most {@link MOST_FOUND}
   * @throws {BffError} request_invalid for text that nobody could be found by, and those of a call of Graph
   */
  find(session: Session, text: string, log: Log): Promise<readonly Person[]>;
}

export const MOST_FOUND = 10;
const MAX_TEXT_LENGTH = 254; // the longest e-mail address (RFC 5321, 4.5.3.1)

export function createDirectory(graph: GraphCalls): Directory {
  return {
    async find(session, text, log) {
      const path = toUsersPath(text);
      const answer = await graph.use(session, needs.people, log, (client) => client.api(path).get());
      return toRecords(answer).slice(0, MOST_FOUND).flatMap(toPerson);
    },
  };
}

/** An object id in the one spelling that is the identity: another would be another person's row. */
export function isObjectId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** @throws {BffError} not_found for what is no object id */
export function requireObjectId(text: string): string {
  if (!isObjectId(text)) throw new BffError('not_found', { detail: 'The address names no object id.' });
  return text;
}

/**
 * Builds the call that finds users by this text. The text can only be compared and never changes the filter.
 * Quotes are doubled and the whole text is percent-encoded. Text with another meaning for a Graph that decodes
 * twice and splits again is refused.
 * @see https://learn.microsoft.com/graph/filter-query-parameter
 * @throws {BffError} request_invalid
 */
export function toUsersPath(text: string): string {
  const wanted = text.trim();
  if (wanted === '' || wanted.length > MAX_TEXT_LENGTH || /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(wanted)) {
    throw new BffError('request_invalid', {
      detail: `Give an address, an object id or the beginning of a name: 1 to ${MAX_TEXT_LENGTH} printable characters.`,
    });
  }
  if (wanted.includes('&') || decodeAgain(wanted) !== wanted) {
    throw new BffError('request_invalid', {
      detail:
        'Give the text without "&" and without percent-encoded characters: Microsoft Graph may interpret them as query syntax.',
    });
  }
  const query = {
    $filter: toFilter(wanted),
    $select: 'id,displayName,userPrincipalName,mail',
    $top: String(MOST_FOUND),
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

function toPerson(entry: Readonly<Record<string, unknown>>): readonly Person[] {
  const { id, displayName, userPrincipalName, mail } = entry;
  if (typeof id !== 'string' || !isObjectId(id.toLowerCase())) return [];
  // Marks that turn the direction of text would turn the page's own words around the name.
  const text = (value: unknown) =>
    typeof value === 'string' && value !== ''
      ? value.replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
      : undefined;
  const username = text(userPrincipalName) ?? text(mail) ?? '';
  return [{ id: id.toLowerCase(), name: text(displayName) ?? username, username }];
}
