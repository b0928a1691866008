import type { HttpHandler, HttpMethod, TimerHandler } from '@azure/functions';
import type { App } from './app.ts';
import { sweep } from './functions/sweep.ts';
import { createRoutes, type Route, route } from './routes.ts';
import type { GraphClient } from './shared/graph/client.ts';
import { forCustomFunction } from './shared/http/custom-function.ts';
import { allMethods, type EndpointRules, type Handler } from './shared/http/endpoint.ts';
import { makeRequestsReadable } from './shared/http/readable-requests.ts';

/** The part of `app` of `@azure/functions` that the registration uses. */
export interface FunctionApp {
  http(
    name: string,
    options: { methods: HttpMethod[]; route: string; authLevel: 'anonymous'; handler: HttpHandler },
  ): void;
  timer(name: string, options: { schedule: string; handler: TimerHandler }): void;
  readonly hook?: { appTerminate(handler: () => void): unknown };
}

/** A custom function: its path, and the rules that are checked before its handler runs. */
export interface RouteOptions<AllowedCaller> extends EndpointRules<AllowedCaller> {
  /** Without a leading slash: `api/team-card`. Segments in braces are parameters: `api/teams/{id}`. */
  readonly path: string;
}

/** For custom functions, which get the same checks and the same access to Graph as the built-in ones. */
export interface Bff {
  /**
   * Registers a custom function.
   * @param name lower-case letters, digits and hyphens; alphabetically before `zz-`
   * @throws {TypeError} for a name or path that is invalid, taken or reserved, or that the host would never reach
   */
  route<AllowedCaller>(
    name: string,
    options: RouteOptions<AllowedCaller>,
    handler: Handler<AllowedCaller>,
  ): void;
  readonly graph: GraphClient;
}

const SWEEP = 'sweep';
/** Every ten minutes. The fields are seconds, minutes, hours, day, month and day of the week. */
const SWEEP_SCHEDULE = '0 */10 * * * *';
/** Reserved for this service as the first segment after `api/`, even if no route uses them now. */
const reservedSegments = ['admin', 'auth', 'graph', 'health'];

/** Registers every route and the timer. */
export function register(functions: FunctionApp, app: App): Bff {
  const { endpoint, entra } = app;
  const registered: Route[] = [];
  const add = (added: Route) => {
    registered.push(added);
    const handler = added.toHttpHandler(endpoint);
    functions.http(added.name, { methods: allMethods, route: added.path, authLevel: 'anonymous', handler });
  };
  for (const builtIn of createRoutes(app)) add(builtIn);
  functions.timer(SWEEP, {
    schedule: SWEEP_SCHEDULE,
    handler: sweep(app.sweep, () => entra.signingKeys.checkClock()),
  });
  // Otherwise one non-Latin-1 header would make the Functions library fail.
  makeRequestsReadable();

  const reserved = [...reservedSegments, ...app.customApis.map(({ name }) => name)];
  return {
    route(name, { path, ...rules }, handler) {
      requireFreeName(name, registered);
      requireFreePath(path, registered, reserved);
      add(
        route({
          name,
          path,
          summary: 'A function of this app.',
          // The type does not have these rules, but an app may be JavaScript.
          rules: { ...rules, acceptsEmbed: false, acceptsForm: false },
          handler: forCustomFunction(handler, app.cookieNames),
        }),
      );
    },
    graph: app.graphClient,
  };
}

/**
 * The host tries functions in the order of their names, so a function that sorts after the catch-all is never reached. A
 * second function with the same name would replace the first.
 */
function requireFreeName(name: string, registered: readonly Route[]): void {
  const isTaken = name === SWEEP || registered.some((other) => other.name === name);
  if (/^[a-z][a-z0-9-]{0,60}$/.test(name) && name < 'zz-' && !isTaken) return;
  throw new TypeError(
    `"${name}" cannot be the name of a function: it is taken, does not sort before "zz-", or is not a lower-case letter followed by at most 60 lower-case letters, digits and hyphens`,
  );
}

/** `api/`, a literal segment, then literal segments and parameters of one segment each, then possibly `{*rest}`. */
const pathPattern =
  /^api\/[a-z0-9][a-z0-9-]*(?:\/(?:[a-z0-9][a-z0-9-]*|\{[a-z][a-z0-9]*\}))*(?:\/\{\*[a-z]+\})?$/;

/** The host ignores letter case in paths. Because only lower case is allowed, each path has one spelling. */
function requireFreePath(path: string, registered: readonly Route[], reserved: readonly string[]): void {
  const isReserved = reserved.some((segment) => `${path}/`.startsWith(`api/${segment}/`));
  const isTaken = registered.some((other) => other.path === path);
  if (pathPattern.test(path) && !isReserved && !isTaken) return;
  throw new TypeError(
    `"${path}" cannot be the path of a function: it is taken or reserved, or is not "api/" followed by segments that are either lower-case letters, digits and hyphens, or a parameter {id}, or at the end {*rest}`,
  );
}
