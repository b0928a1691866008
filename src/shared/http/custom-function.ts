import { type CookieNames, parseCookies, serviceCookieNames } from './cookies.ts';
import type { Handler } from './endpoint.ts';
import type { BffRequest } from './request.ts';
import { type BffResponse, requireSendable } from './response.ts';

/**
 * Removes this service's cookies from the request of a custom function, and checks the function's response. The handler
 * may log or pass on its request's headers, and anyone with the value of the session cookie can act as the user. It may
 * also return all headers of another server, which must not seem to be what this service says itself.
 */
export function forCustomFunction<AllowedCaller>(
  handler: Handler<AllowedCaller>,
  names: CookieNames,
): Handler<AllowedCaller> {
  return async (request, context) => {
    const response = await handler(withoutServiceCookies(request, names), {
      caller: context.caller,
      log: context.log,
      get signal() {
        return context.signal;
      },
    });
    requireSendable(response);
    return withoutServiceHeaders(response);
  };
}

/** The headers by which a client knows what this service itself says: `bff-problem` and others. */
const SERVICE_HEADERS = 'bff-';

function withoutServiceHeaders(response: BffResponse): BffResponse {
  const headers = Object.entries(response.headers ?? {});
  const kept = headers.filter(([name]) => !name.toLowerCase().startsWith(SERVICE_HEADERS));
  return kept.length === headers.length ? response : { ...response, headers: Object.fromEntries(kept) };
}

function withoutServiceCookies(request: BffRequest, names: CookieNames): BffRequest {
  const cookieHeader = removeCookies(request.header('cookie'), serviceCookieNames(names));
  return {
    ...request,
    cookies: parseCookies(cookieHeader),
    header: (name) => (name.toLowerCase() === 'cookie' ? cookieHeader : request.header(name)),
  };
}

function removeCookies(header: string | undefined, names: readonly string[]): string | undefined {
  const isRemoved = (pair: string) =>
    // The host joins several Cookie headers with a comma. The text after the comma seems to belong to the value of the
    // cookie before it.
    pair.split(',').some((text) => names.some((name) => text.trimStart().startsWith(`${name}=`)));
  const rest = header?.split(';').filter((pair) => !isRemoved(pair)) ?? [];
  return rest.length === 0 ? undefined : rest.join(';').trimStart();
}
