import type { ApiProfile } from './api-profile.ts';
import { type PolicyResult, parsePolicy } from './parse.ts';

/**
 * Reads the policy of a custom API.
 * @param scopePrefix the API's application ID URI. Entra ID expects it before each permission.
 */
export const parseCustomApiPolicy = (document: unknown, scopePrefix: string): PolicyResult =>
  parsePolicy(document, customApiProfile(scopePrefix));

/** The profile of a custom API. It assumes nothing that the API's policy does not declare. */
export function customApiProfile(scopePrefix: string): ApiProfile {
  return {
    // A word of letters only is more likely a function than an id, so `/orders/search` needs a separate rule. Some
    // servers drop a dot at either end of a segment, and the rest could be such a word.
    isKey: (segment) =>
      /^(?!\.)[A-Za-z0-9_@.!~=+-]{1,512}(?<!\.)$/.test(segment) && !/^[A-Za-z]+$/.test(segment),
    hasKeysInParentheses: false,
    isKeyInParentheses: () => false,
    scopePattern: /^[A-Za-z][A-Za-z0-9._-]{0,119}$/,
    scopeHint:
      'write the name of one delegated permission of the API, as its registration spells it: "Orders.Read", without a URI before it',
    toScope: (permission) => `${scopePrefix}/${permission}`,
    pathDescription: 'The path as the API documents it. {name} stands for one id: /orders/{id}.',
    hasFileLinks: false,
    checksTokenFirst: false,
    pathIssue: () => undefined,
    searchesByField: () => false,
    hasSeparatingSemicolon: (text) => text.includes(';'),
    allowsSemicolonsAsData: true,
    queryOptionIssue: () => undefined,
  };
}
