import { isObject, parseObject } from '../body.ts';
import { events } from '../calendar/events.ts';
import { type GraphCall, requestDenied } from '../call.ts';
import { itemsOf } from '../collection.ts';
import { toItem, typeOfItems } from '../drive/items.ts';
import { ownSearch } from '../drive/search.ts';
import { allMessages, typeOfMessages } from '../mail/messages.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { toOptions } from '../odata/options.ts';
import { ownName } from '../odata/properties.ts';
import { shape } from '../odata/select.ts';
import { hasWords } from '../odata/words.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';

/** What can be searched for, and the permissions of which each needs one. */
const kinds = {
  message: { scopes: ['Mail.Read'], find: findMessages },
  event: { scopes: ['Calendars.Read'], find: findEvents },
  driveItem: {
    scopes: ['Files.Read.All', 'Sites.Read.All'],
    find: findFiles,
  },
} as const;

type Kind = keyof typeof kinds;

interface Found {
  readonly type: EntityType;
  readonly items: readonly GraphObject[];
}

/** Microsoft Search for messages, events and files. */
export const searchRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/search/query',
    scopes: Object.values(kinds).flatMap(({ scopes }) => scopes),
    handle(call): GraphReply {
      const { requests } = withNames(parseObject(call.body), ['requests']);
      if (!Array.isArray(requests) || requests.length === 0) throw invalid("'requests' must be a list.");
      if (requests.length > 1) throw invalid('Only one request is supported at a time.');
      const value = requests.map((request: unknown) => answer(call, request));
      return {
        status: 200,
        body: {
          '@odata.context': `${call.origin}/${call.version}/$metadata#Collection(microsoft.graph.searchResponse)`,
          value,
        },
      };
    },
  },
];

const known = ['entityTypes', 'query', 'from', 'size', 'fields'];

function answer(call: GraphCall, given: unknown): GraphObject {
  if (!isObject(given)) throw invalid('A request must be an object.');
  const request = withNames(given, known);
  const { entityTypes, query, from = 0, size = 25, fields } = request;
  const words = isObject(query)
    ? withNames(query, ['queryString', 'queryTemplate'])['queryString']
    : undefined;
  if (typeof words !== 'string') throw invalid("'query' needs a 'queryString'.");
  if (!Array.isArray(entityTypes) || entityTypes.length === 0) throw invalid("'entityTypes' must be a list.");
  const [first, count] = [Number(from), Number(size)];
  if (!Number.isInteger(first) || !Number.isInteger(count) || first < 0 || count < 1 || count > 500)
    throw invalid("'from' and 'size' must be numbers, and 'size' at most 500.");
  const hitsContainers = entityTypes.map((name: unknown) => {
    const kind = requireKind(call, String(name));
    const { type, items } = kinds[kind].find(call, words);
    const options = toOptions(Array.isArray(fields) ? [['$select', fields.join(',')]] : []);
    const hits = items.slice(first, first + count).map((item, at) => ({
      hitId: item['id'],
      rank: first + at + 1,
      summary: String(item['bodyPreview'] ?? item['name'] ?? ''),
      resource: { '@odata.type': `#microsoft.graph.${kind}`, ...shape(type, item, options) },
    }));
    return { hits, total: items.length, moreResultsAvailable: first + count < items.length };
  });
  return { searchTerms: words.split(/\s+/), hitsContainers };
}

function requireKind(call: GraphCall, name: string): Kind {
  const kind = ownName(kinds, name);
  if (!isKind(kind))
    throw new GraphError(
      501,
      'NotImplemented',
      `The emulator does not emulate a search for the type '${name}'.`,
    );
  if (!kinds[kind].scopes.some((scope) => call.caller.scopes.has(scope))) throw requestDenied();
  return kind;
}

function isKind(name: string | undefined): name is Kind {
  return name !== undefined && Object.hasOwn(kinds, name);
}

function findMessages(call: GraphCall, words: string): Found {
  const type = typeOfMessages(call);
  const test = type.search?.(words);
  return { type, items: allMessages(call).filter((message) => test?.(message)) };
}

function findEvents(call: GraphCall, words: string): Found {
  requirePlain(words);
  const items = itemsOf(call, events).filter(({ subject, body }) =>
    hasWords(`${String(subject)} ${String(Reflect.get(Object(body), 'content'))}`, words),
  );
  return { type: events.type, items };
}

function findFiles(call: GraphCall, words: string): Found {
  requirePlain(words);
  return { type: typeOfItems(call), items: ownSearch(call, words).map((node) => toItem(call, node)) };
}

/** Only mail is searched with KQL here. */
function requirePlain(words: string): void {
  const part = /\S*[:=<>]\S*|\b(?:AND|OR|NOT)\b/.exec(words)?.[0];
  if (part !== undefined)
    throw new GraphError(501, 'NotImplemented', `The emulator does not emulate '${part}' in this search.`);
}

/** Returns the members with the spelling of `names`. @throws {GraphError} for another member */
function withNames(given: GraphObject, names: readonly string[]): GraphObject {
  const specimen = Object.fromEntries(names.map((name) => [name, null]));
  const entries = Object.entries(given).map(([name, value]) => {
    const own = name.startsWith('@odata.') ? name : ownName(specimen, name);
    if (own === undefined)
      throw new GraphError(501, 'NotImplemented', `The emulator does not emulate '${name}' in a search.`);
    return [own, value];
  });
  return Object.fromEntries(entries);
}

function invalid(message: string): GraphError {
  return new GraphError(400, 'BadRequest', message);
}
