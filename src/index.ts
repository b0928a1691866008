import { createApp } from './app.ts';
import { misconfigured, noteMissingLimits, warnOfSettings } from './functions/misconfigured.ts';
import { requireLibraryFiles } from './library-files.ts';
import { type Bff, type FunctionApp, register } from './registration.ts';
import { ConfigError, parseConfig } from './shared/config/config.ts';
import { type PagesOptions, readPages } from './shared/config/pages.ts';
import { readPolicies } from './shared/config/policies.ts';
import { runtimeIssues } from './shared/config/runtime.ts';
import type { Environment } from './shared/config/setting.ts';
import { allMethods } from './shared/http/endpoint.ts';
import { makeRequestsReadable } from './shared/http/readable-requests.ts';
import { createSystem } from './system.ts';

export type { Bff, FunctionApp, RouteOptions } from './registration.ts';
export {
  type Access,
  type Authorize,
  allowAnonymous,
  type FoundCaller,
  guard,
  optionalSession,
  signedIn,
} from './shared/access/access.ts';
export type { Guard, GuardRules } from './shared/access/rules.ts';
export type { PageMessages, PagesOptions } from './shared/config/pages.ts';
export { BffError, type BffErrorOptions, type ProblemCode } from './shared/errors.ts';
export {
  type GraphBody,
  type GraphCallOptions,
  type GraphClient,
  type GraphContent,
  type GraphObject,
  graphStatusOf,
} from './shared/graph/client.ts';
export type { CallContext, EndpointRules, Handler } from './shared/http/endpoint.ts';
export type { BffRequest } from './shared/http/request.ts';
export { type BffResponse, jsonResponse } from './shared/http/response.ts';
export type { Caller, Claims } from './shared/session/caller.ts';
export type { Log, LogLevel, LogRecord } from './shared/telemetry/log.ts';

/** What an app adds to the service. */
export interface BffOptions {
  /** Registers the custom functions. */
  readonly extend?: (bff: Bff) => void;
  /** How the pages of this service look and read. */
  readonly pages?: PagesOptions;
}

/**
 * Starts the service in a new worker: checks settings and policies and registers every route. Then `extend` registers
 * the custom functions. If a setting, a policy or an option is invalid, or Node.js is too old, every route returns 503,
 * and the log lists the issues with their fixes.
 * @param app `app` of `@azure/functions`
 * @param options or only their `extend`
 */
export function startBff(
  app: FunctionApp,
  environment: Environment,
  options: BffOptions | BffOptions['extend'] = {},
): void {
  const { extend, pages: pagesOptions } = typeof options === 'function' ? { extend: options } : options;
  try {
    const issues = runtimeIssues();
    if (issues.length > 0) throw new ConfigError(issues);
    requireLibraryFiles();
    const config = parseConfig(environment);
    const { pages, warnings } = readPages(config.pages, pagesOptions);
    warnOfSettings([...config.warnings, ...warnings]);
    noteMissingLimits(config.rateLimits);
    const created = createApp(config, readPolicies(config), createSystem(config), pages);
    const bff = register(app, created);
    extend?.(bff);
    const { healthMonitor } = created;
    healthMonitor.start();
    app.hook?.appTerminate(() => healthMonitor.stop());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const handler = misconfigured(error);
    app.http('zz-misconfigured', { methods: allMethods, route: '{*rest}', authLevel: 'anonymous', handler });
    makeRequestsReadable();
  }
}
