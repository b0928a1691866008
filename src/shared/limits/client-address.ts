import { isIPv4, isIPv6 } from 'node:net';

declare const isClientAddress: unique symbol;

/**
 * The address of a client, or the first 64 bits of an IPv6 address. It is the key of a rate limit and nothing else: it is
 * neither logged, stored nor sent, and it decides nothing about who the caller is.
 */
export type ClientAddress = string & { readonly [isClientAddress]: true };

/** Finds the address of the client that sent a request with these headers. Undefined if it is not known. */
export type ReadClientAddress = (header: (name: string) => string | undefined) => ClientAddress | undefined;

/**
 * @param trustedProxyHops how many proxies in front of the service append the address of their client to
 * `X-Forwarded-For`. The client itself can write everything to the left of what they append. With 0, the header is not
 * read.
 */
export function createReadClientAddress(trustedProxyHops: number): ReadClientAddress {
  if (trustedProxyHops === 0) return () => undefined;
  // If a proxy adds a second header line, the host joins the two with a comma.
  return (header) => toClientAddress(header('x-forwarded-for')?.split(',').at(-trustedProxyHops));
}

/** The longest address with brackets, port and some white space. Cutting off white space takes quadratic time. */
const MAX_ENTRY_LENGTH = 100;

/** `203.0.113.7`, `203.0.113.7:5123`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:5123`. Nothing else is an address. */
function toClientAddress(entry = ''): ClientAddress | undefined {
  if (entry.length > MAX_ENTRY_LENGTH) return undefined;
  const text = entry.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase();
  const [, bracketed] = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/.exec(text) ?? [];
  if (bracketed !== undefined) return isIPv6(bracketed) ? networkOf(bracketed) : undefined;
  const [, withoutPort = text] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  if (isIPv4(withoutPort)) return withoutPort as ClientAddress;
  // `isIPv6` accepts a zone (`fe80::1%eth0`), which a client could choose.
  return isIPv6(text) && !text.includes('%') ? networkOf(text) : undefined;
}

/** One subscriber of an IPv6 network has at least 64 bits of addresses, and can use a new one for every call. */
function networkOf(ipv6: string): ClientAddress {
  const groups = groupsOf(ipv6);
  // ::ffff:203.0.113.7 is an IPv4 address (RFC 4291, 2.5.5.2). Otherwise all IPv4 clients would share one bucket.
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  const [high = 0, low = 0] = groups.slice(6);
  const network = isMapped
    ? [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
    : `${groups
        .slice(0, 4)
        .map((group) => group.toString(16))
        .join(':')}::`;
  return network as ClientAddress;
}

/** The eight numbers of a valid IPv6 address. */
function groupsOf(ipv6: string): readonly number[] {
  const hex = ipv6.replace(/(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, (_text, ...bytes: string[]) => {
    const [first = 0, second = 0, third = 0, fourth = 0] = bytes.slice(0, 4).map(Number);
    return `${((first << 8) | second).toString(16)}:${((third << 8) | fourth).toString(16)}`;
  });
  const [before = [], after = []] = hex
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))));
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}
