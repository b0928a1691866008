import { type GraphCall, requestDenied } from './call.ts';
import { pathRefusal } from './not-emulated.ts';
import { requireKnownOptions } from './odata/options.ts';
import { parsePath, type Segment } from './path.ts';
import { GraphError, type GraphReply } from './reply.ts';
import type { Route } from './route.ts';
import { parseTemplate } from './route-template.ts';
import { outlookRoutes, routes } from './routes.ts';

const table = routes.map((route) => ({ route, template: parseTemplate(route.path) }));
const graphMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

interface Match {
  readonly route: Route;
  readonly rank: string;
  readonly keys: readonly string[];
}

/** Replies to a call as Graph does. @throws {GraphError} */
export function handleRoute(call: GraphCall): GraphReply {
  const segments = parsePath(call.path);
  const isOwn = isOwnUser(call, segments);
  const onPath = matchesOf(segments);
  const matches = onPath.length === 0 && isOwn ? matchesOf([{ text: 'me' }, ...segments.slice(2)]) : onPath;
  const [found] = matches
    .filter(({ route }) => route.method === call.method)
    .sort((left, right) => (left.rank < right.rank ? -1 : 1));
  if (found !== undefined && !isFunctionAsKey(segments, found)) return handle(call, segments, found);
  // Graph has other methods at many of these paths.
  if (matches.length === 0 || graphMethods.includes(call.method))
    throw pathRefusal(call.method, call.path, segments);
  throw new GraphError(
    405,
    'Request_BadRequest',
    'Specified HTTP method is not allowed for the request target.',
  );
}

function handle(call: GraphCall, segments: readonly Segment[], { route, keys }: Match): GraphReply {
  if (!route.scopes.some((scope) => call.caller.scopes.has(scope))) {
    throw outlookRoutes.includes(route)
      ? new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.')
      : requestDenied();
  }
  requireKnownOptions(call.options, route.options ?? []);
  if (call.countsOnly && !route.options?.includes('$count'))
    throw pathRefusal(call.method, `${call.path}/$count`, segments);
  return route.handle(call, ...keys);
}

/** Functions that Graph has and this path does not must not be taken for keys. */
function isFunctionAsKey(segments: readonly Segment[], { route }: Match): boolean {
  const isDelta = segments.some(({ text, isFilePath }) => !isFilePath && text.toLowerCase() === 'delta');
  return isDelta && !/\/delta\b/.test(route.path);
}

function matchesOf(segments: readonly Segment[]): Match[] {
  return table.flatMap(({ route, template }) => {
    const keys = template.match(segments);
    return keys === undefined ? [] : [{ route, rank: template.rank, keys }];
  });
}

/** Graph writes `/users/{id}` for `/me` in many links. */
function isOwnUser({ caller }: GraphCall, [area, key]: readonly Segment[]): boolean {
  return area?.text.toLowerCase() === 'users' && key?.text.toLowerCase() === caller.userId.toLowerCase();
}
