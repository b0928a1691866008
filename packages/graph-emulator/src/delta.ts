import { preferredSize, toContext } from './answer.ts';
import type { GraphCall } from './call.ts';
import type { EntityType } from './odata/entity-type.ts';
import { type QueryOptions, readCount, toOptions } from './odata/options.ts';
import { shape } from './odata/select.ts';
import { GraphError, type GraphObject, type GraphReply } from './reply.ts';
import type { SavedCollection } from './saved-items.ts';

/** A list whose changes can be read. */
export interface TrackedList {
  readonly set: string;
  readonly type: EntityType;
  /** All items that are in the list now. */
  readonly items: readonly GraphObject[];
  /** The address of the links, as Graph writes it, without origin and version. */
  readonly linkPath: string;
  /** Tells the ids of the items that changed after a version, also of those that left the list. */
  readonly changes: Pick<SavedCollection, 'changedSince' | 'isNewSince' | 'itemAt'>;
  /**
   * Whether an item was in the list. Undefined stands for an item as every user has it. The default is that all items of the
   * collection are.
   */
  contained?(before: GraphObject | undefined): boolean;
  /** How the list tells that an item was deleted or has left it. */
  removed(id: string): GraphObject;
  /** The default is 10. */
  readonly pageSize?: number;
}

/** The names of the options with the tokens in links. Files have one for both, and understand the others too. */
export interface Tokens {
  readonly page: string;
  readonly delta: string;
}

const tokenNames = ['$deltatoken', '$skiptoken', 'token'];

/** What a token stands for. */
interface Position {
  readonly run: string;
  /** The version at the first call: later changes are reported even if they happen between two pages. */
  readonly version: number;
  /** Undefined if all items were returned. */
  readonly start?: number;
  /** The options of the first call. Graph keeps them in its tokens. */
  readonly kept: QueryOptions['entries'];
}

const defaultPageSize = 10;

/** Mail, calendars and contacts tell of a removed item in this way. */
export const removedItem = (id: string): GraphObject => ({ '@removed': { reason: 'deleted' }, id });
export const outlookTokens = { page: '$skiptoken', delta: '$deltatoken' } as const;
export const outlookDeltaOptions = ['$select', '$top', '$skiptoken', '$deltatoken', 'changeType'];

/**
 * Replies with the items of a list, page by page, and then with what changed since.
 * @param toList returns the list for the options of the first call
 * @param given a token that is an argument of the function
 * @throws {GraphError}
 */
export function deltaReply(
  call: GraphCall,
  tokens: Tokens,
  toList: (options: QueryOptions) => TrackedList,
  given?: string,
): GraphReply {
  const { saved, options } = call;
  const token = given ?? tokenNames.map((name) => options.get(name)).find((one) => one !== undefined) ?? '';
  const isFirst = token === '' || token.toLowerCase() === 'latest';
  const position = isFirst ? firstPosition(call, token !== '') : parseToken(call, tokens, token);
  const { start, ...rest } = position;
  const kept = toOptions(position.kept);
  const list = toList(kept);
  const reply = (items: readonly GraphObject[], kind: 'next' | 'delta', next: Position): GraphReply => ({
    status: 200,
    body: {
      '@odata.context': toContext({ ...call, options: kept }, list.set, list.type, ''),
      [`@odata.${kind}Link`]: `${call.origin}/${call.version}${list.linkPath}?${kind === 'next' ? tokens.page : tokens.delta}=${toToken(next)}`,
      value: items.map((item) => (isRemoved(item) ? item : shape(list.type, item, kept))),
    },
  });
  if (start === undefined) {
    const changes = isFirst ? [] : changesOf(list, position.version, kept);
    return reply(changes, 'delta', { ...rest, version: saved.version() });
  }
  const end = start + (readCount(kept, '$top') ?? preferredSize(call) ?? list.pageSize ?? defaultPageSize);
  const items = list.items.slice(start, end);
  return end < list.items.length
    ? reply(items, 'next', { ...rest, start: end })
    : reply(items, 'delta', rest);
}

function firstPosition({ saved, options }: GraphCall, isLatest: boolean): Position {
  const isToken = (name: string) => tokenNames.includes(name.toLowerCase());
  return {
    run: saved.run,
    version: saved.version(),
    ...(isLatest ? {} : { start: 0 }),
    kept: options.entries.filter(([name]) => !isToken(name)),
  };
}

const isRemoved = (item: GraphObject) => '@removed' in item || 'deleted' in item;

function changesOf(list: TrackedList, version: number, kept: QueryOptions): GraphObject[] {
  const { items, changes, removed } = list;
  const wanted = kept.get('changeType')?.toLowerCase();
  return changes.changedSince(version).flatMap((id) => {
    // A change of a series is one of its occurrences.
    const found = items.filter((one) => one['id'] === id || one['seriesMasterId'] === id);
    const isNew = changes.isNewSince(id, version);
    const wasThere = !isNew && (list.contained?.(changes.itemAt(id, version)) ?? true);
    if (found.length === 0 && !wasThere) return [];
    const kind = found.length === 0 ? 'deleted' : isNew ? 'created' : 'updated';
    if (wanted !== undefined && wanted !== kind) return [];
    return found.length === 0 ? [removed(id)] : found;
  });
}

const toToken = (position: Position): string => Buffer.from(JSON.stringify(position)).toString('base64url');

/** A token of an earlier run is gone, and the response tells where to start again. */
function parseToken(call: GraphCall, tokens: Tokens, token: string): Position {
  try {
    const position: Position = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (position.run === call.saved.run && Number.isInteger(position.version)) return position;
  } catch {
    // It is gone too.
  }
  throw new GraphError(
    410,
    'SyncStateNotFound',
    'The sync state is not found. Start again without a token.',
    {
      Location: `${call.origin}/${call.version}${call.path}?${tokens.delta}=`,
    },
  );
}
