import type { HttpHandler } from '@azure/functions';
import { type Config, type ConfigError, toLines } from '../shared/config/config.ts';
import { BffError } from '../shared/errors.ts';
import { problemResponse } from '../shared/http/problem.ts';
import { toHttpResponse } from '../shared/http/response.ts';

/**
 * Returns 503 for every route while a setting is invalid, so that nothing runs half-configured. Only the log names the
 * setting.
 */
export function misconfigured(error: ConfigError): HttpHandler {
  // biome-ignore lint/suspicious/noConsole: a cold start has no invocation to log through
  console.error(error.message);
  return (request, context) => {
    context.error(error.message);
    const problem = new BffError('configuration_invalid', {
      detail: 'A setting is missing or wrong. The log of the service names it.',
    });
    const format = /^https?:\/\/[^/?#]*\/api\/graph\//i.test(request.url) ? 'graph' : 'problem';
    const accept = request.headers.get('accept') ?? undefined;
    return toHttpResponse(problemResponse(problem, context.invocationId, { format, accept }), true);
  };
}

/** Writes what is probably wrong with the settings to the log of the cold start. */
export function warnOfSettings(warnings: readonly string[]): void {
  // biome-ignore lint/suspicious/noConsole: a cold start has no invocation to log through
  if (warnings.length > 0) console.warn(`Check these settings:\n${toLines(warnings)}`);
}

/** Writes to the log of the cold start what is not limited. Unlike a warning, this is the default and may be intended. */
export function noteMissingLimits({ trustedProxyHops }: Config['rateLimits']): void {
  if (trustedProxyHops > 0) return;
  // biome-ignore lint/suspicious/noConsole: a cold start has no invocation to log through
  console.info('TRUSTED_PROXY_HOPS is 0: calls are not limited by client address.');
}
