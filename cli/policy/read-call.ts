import { clouds } from '../../src/shared/entra/authority.ts';
import type { RequestedCall } from '../../src/shared/policy/match.ts';
import { readMediaType } from '../../src/shared/policy/media-type.ts';
import { hasBody } from '../../src/shared/policy/methods.ts';

/** Microsoft Graph and its national clouds. */
const graphHosts: ReadonlySet<string> = new Set(
  Object.values(clouds).map(({ graph }) => new URL(graph).host),
);

export type CallReading =
  | { readonly kind: 'call'; readonly call: RequestedCall }
  | { readonly kind: 'not-understood'; readonly hint: string };

/**
 * Reads a call as a developer writes or pastes it.
 * @param text `GET /v1.0/me?$select=id`; for POST, PUT or PATCH followed by a space and the type of the body. Instead of the
 * path, an address of Microsoft Graph or of this service; or the link that Graph Explorer shares.
 * @param takesAnyHost for your own API, whose address the policy does not know
 */
export function readCall(text: string, takesAnyHost: boolean): CallReading {
  const shared = readSharedLink(text.trim());
  const [, method = '', rest = ''] = /^(\S*) *(.*)$/s.exec(shared ?? text.trim()) ?? [];
  if (/^(?:\/|https?:)/i.test(method)) return notUnderstood(withoutMethod(method));
  const [, before = '', last = ''] = /^(\S.*?) +([^\s;]+(?: *; *[^\s;]+)*)$/s.exec(rest) ?? [];
  const isTyped = hasBody(method) && readMediaType(last) !== undefined;
  const [address = '', ...queries] = (isTyped ? before : rest).split('?');
  const path = readPath(address, takesAnyHost);
  if (path === undefined) return notUnderstood(`"${address}" is not an address of Microsoft Graph.`);
  if (path.includes(' ')) return notUnderstood(describeUnreadable(method, path));
  return {
    kind: 'call',
    call: {
      method,
      path,
      // As a browser encodes it.
      query: queries.join('?').replace(/[^\x21-\x7e]/gu, encodeURIComponent),
      contentType: isTyped ? last : undefined,
    },
  };
}

const notUnderstood = (hint: string): CallReading => ({ kind: 'not-understood', hint });

/** The path below the origin of Graph. Undefined for an address of another service. */
function readPath(address: string, takesAnyHost: boolean): string | undefined {
  const [, host, path = ''] = /^(?:https?:\/\/([^/?#]*))?(.*)$/is.exec(address) ?? [];
  const ownPath = path.replace(/^\/api\/graph(?=\/)/, '');
  const isKnown =
    host === undefined || takesAnyHost || ownPath !== path || graphHosts.has(host.toLowerCase());
  return isKnown ? ownPath : undefined;
}

/** The call of a link that Graph Explorer shares: its query has the method, the version and the path. */
function readSharedLink(text: string): string | undefined {
  if (!/^https:\/\/developer\.microsoft\.com\/\S*graph-explorer\?\S+$/i.test(text) || !URL.canParse(text))
    return;
  const { searchParams } = new URL(text);
  const method = searchParams.get('method') ?? 'GET';
  const path = `/${searchParams.get('version') ?? 'v1.0'}/${searchParams.get('request') ?? ''}`;
  return `${method} ${path}${hasBody(method) ? ' application/json' : ''}`;
}

function withoutMethod(path: string): string {
  return `"${path}" has no method. Write the method before it, like GET ${path}.`;
}

function describeUnreadable(method: string, path: string): string {
  const hint = hasBody(method)
    ? 'The type of a body is one word at the end, like application/json.'
    : `A ${method} has no body and no type of a body.`;
  return `"${path}" is more than a path.\n  ${hint} Write a space in a path as %20.`;
}
