import type { Dialect } from './api-profile.ts';
import { type PolicyReading, parsePolicy } from './match.ts';

/**
 * Reads a policy for an API of the operator's own.
 * @param scopePrefix the API's application ID URI: its permissions are asked for with it in front
 */
export const parseOwnApiPolicy = (document: unknown, scopePrefix: string): PolicyReading =>
  parsePolicy(document, createOwnApiDialect(scopePrefix));

/** What is special about an API of the operator's own: next to nothing is known of it. */
export function createOwnApiDialect(scopePrefix: string): Dialect {
  return {
    // A word of letters alone is more likely a function than an id: `/orders/search` needs a separate rule. Some servers
    // drop a dot at either end of a segment, and the rest could then be such a word.
    isKey: (segment) =>
      /^(?!\.)[A-Za-z0-9_@.!~=+-]{1,512}(?<!\.)$/.test(segment) && !/^[A-Za-z]+$/.test(segment),
    scopeForm: /^[A-Za-z][A-Za-z0-9._-]{0,119}$/,
    scopeCure: `write the name of one delegated permission of the API, as its registration has it: "Orders.Read"; no address before it`,
    toScope: (permission) => `${scopePrefix}/${permission}`,
    pathDescription: 'The path in the words of the API. {name} takes one id: /orders/{id}.',
    knowsFileLinks: false,
    refusesBeforeActing: false,
    pathFault: () => undefined,
    searchesByField: () => false,
    hasSeparatingSemicolon: (text) => text.includes(';'),
    maySaySemicolonsAreData: true,
    queryOptionFault: () => undefined,
  };
}
