import type { RegisteredFunction } from './core-api.ts';

type Segment =
  | { kind: 'literal'; text: string }
  | { kind: 'parameter'; name: string; optional: boolean }
  | { kind: 'catch-all'; name: string };

export interface HttpRoute {
  name: string;
  route: string;
  methods: readonly string[];
  match: MatchPath;
}
type MatchPath = (path: string) => Record<string, string> | undefined;

/** Returns the HTTP routes of an app, in the order in which the host tries them. @throws {Error} for an invalid route */
export function toHttpRoutes(functions: Iterable<RegisteredFunction>, routePrefix: string): HttpRoute[] {
  return [...functions]
    .filter((registered) => triggerType(registered) === 'httptrigger')
    .map((registered) => toHttpRoute(registered, routePrefix))
    .sort((one, other) => one.name.localeCompare(other.name, 'en'));
}

/**
 * The first matching route wins. The host has no order of specificity, and a route matches only its listed methods, in
 * any letter case.
 */
export function findRoute(routes: readonly HttpRoute[], method: string, path: string) {
  for (const route of routes) {
    const params = route.methods.includes(method.toUpperCase()) ? route.match(path) : undefined;
    if (params) return { route, params };
  }
  return undefined;
}

/** The trigger binding of a function and its name. */
export function triggerOf({ metadata }: RegisteredFunction) {
  const [name, binding] =
    Object.entries(metadata.bindings).find(([, { type }]) => /trigger$/i.test(type ?? '')) ?? [];
  if (name === undefined || !binding) throw new Error(`Function "${metadata.name}" has no trigger.`);
  return { name, binding };
}

export function triggerType(registered: RegisteredFunction) {
  return String(triggerOf(registered).binding.type).toLowerCase();
}

function toHttpRoute(registered: RegisteredFunction, routePrefix: string): HttpRoute {
  const { name } = registered.metadata;
  const { route, methods } = triggerOf(registered).binding;
  const template = typeof route === 'string' && route !== '' ? route : name;
  // Checked before the prefix is added, so that a prefix does not make such a route possible.
  if (/^\/?(admin|runtime)/i.test(template)) {
    throw new Error(
      `The function "${name}" cannot be loaded: the route "${template}" conflicts with one or more built in routes ` +
        '(nothing may start with "admin" or "runtime").',
    );
  }
  const full = [routePrefix, template].map(trimSlashes).filter(Boolean).join('/');
  return {
    name,
    route: full,
    methods: (Array.isArray(methods) ? methods : []).map((method) => String(method).toUpperCase()),
    match: toMatcher(parseTemplate(name, full)),
  };
}

function parseTemplate(functionName: string, template: string): Segment[] {
  return template.split('/').map((text): Segment => {
    const [, star, name, optional] = /^\{(\*?)(\w+)(\??)\}$/.exec(text) ?? [];
    if (name && star) return { kind: 'catch-all', name };
    if (name) return { kind: 'parameter', name, optional: optional === '?' };
    if (/[{}]/.test(text)) {
      throw new Error(
        `The route "${template}" of function "${functionName}" uses "${text}", which this host does not support.`,
      );
    }
    return { kind: 'literal', text: text.toLowerCase() };
  });
}

/** Matches as ASP.NET does: literals in any letter case, one optional trailing slash, empty values only for a catch-all. */
function toMatcher(segments: readonly Segment[]): MatchPath {
  return (path) => {
    const parts = path.slice(1).split('/');
    if (parts.at(-1) === '') parts.pop();
    const params: Record<string, string> = {};
    for (const [index, segment] of segments.entries()) {
      const part = parts[index];
      if (segment.kind === 'catch-all') {
        const rest = path.slice(1).split('/').slice(index).join('/');
        return rest === '' ? params : { ...params, [segment.name]: rest };
      }
      if (segment.kind === 'literal' && part?.toLowerCase() !== segment.text) return undefined;
      if (segment.kind === 'parameter') {
        if (part) params[segment.name] = part;
        else if (part === '' || !segment.optional) return undefined;
      }
    }
    return parts.length > segments.length ? undefined : params;
  };
}

const trimSlashes = (text: string) => text.replace(/^\/+|\/+$/g, '');
