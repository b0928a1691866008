import * as z from 'zod/mini';
import { guardSchema } from '../access/guard-schema.ts';
import type { ApiProfile } from './api-profile.ts';
import { isMediaRange } from './media-type.ts';
import { proxyMethods } from './methods.ts';
import { optionBounds } from './option-bounds.ts';
import { pathTemplatePattern } from './path-template.ts';
import { isNameableHeader } from './request-headers.ts';

const hasUniqueNames = (names: readonly string[]) =>
  new Set(names.map((name) => name.toLowerCase())).size === names.length;
const duplicateMessage = 'has a name twice; remove one';

const headers = z
  ._default(
    z
      .array(
        z
          .string()
          .check(
            z.refine(
              isNameableHeader,
              'is not a header that a rule can allow; name one that only the API reads, like "workbook-session-id"',
            ),
          ),
      )
      .check(z.refine(hasUniqueNames, duplicateMessage)),
    [],
  )
  .check(
    z.describe('Further request headers that may pass, in addition to those that every rule lets pass.'),
  );

const prefer = z
  ._default(
    z
      .array(
        z
          .string()
          .check(
            z.regex(
              /^[A-Za-z][\w.-]{0,63}$/,
              'is not a name of a preference; write it without a value, like "respond-async"',
            ),
          ),
      )
      .check(z.refine(hasUniqueNames, duplicateMessage)),
    [],
  )
  .check(
    z.describe(
      'Further preferences of the Prefer header that may pass with any value, in addition to those that every rule lets pass.',
    ),
  );

const description = z.optional(z.string()).check(z.describe('For readers of this file.'));

const methods = z
  .array(z.enum(proxyMethods, `is not a supported method; write one of ${proxyMethods.join(', ')}`))
  .check(
    z.minLength(1, 'is empty; name a method'),
    z.describe('Methods that may be used. GET includes HEAD.'),
  );

const query = z
  ._default(optionBounds, {})
  .check(z.describe('Query options that may be used, each with its bound. Default: none.'));

const contentTypes = z
  .optional(
    z
      .array(
        z
          .string()
          .check(
            z.refine(
              isMediaRange,
              'is not a media type; write one like "image/jpeg", without parameters, or "*/*"',
            ),
          ),
      )
      .check(z.minLength(1, 'is empty; name a type, or omit contentTypes for application/json')),
  )
  .check(z.describe('Types of the body that may be sent. Default: application/json.'));

const bodyFields = z
  .optional(
    z
      .array(
        z
          .string()
          .check(
            z.regex(
              /^[A-Za-z@][\w.@-]*$/,
              'is not a field name; write it as the API does, like "displayName"',
            ),
          ),
      )
      .check(z.minLength(1, 'is empty; name a field, or omit bodyFields')),
  )
  .check(
    z.describe(
      'The only fields that the body may have at its top level. The body must then be a JSON object. Default: any field.',
    ),
  );

const fileLinks = z
  ._default(z.boolean(), false)
  .check(
    z.describe(
      'Keep links in the response with which a file on a host of Microsoft can be read or written without a token. Until such a link expires, its holder needs no session. Default: they are removed.',
    ),
  );

const embed = z
  ._default(z.boolean(), false)
  .check(
    z.describe(
      'For a rule with GET: pages of your app may load the response with plain HTML, without X-CSRF: in <img>, <audio> or <video> if its type fits, or as a download by a link. Default: only scripts may.',
    ),
  );

function ruleSchema({ scopePattern, scopeHint, pathDescription }: ApiProfile) {
  const scopes = z
    .array(z.string().check(z.regex(scopePattern, `is not a permission; ${scopeHint}`)))
    .check(z.minLength(1, 'is empty; name the least permission that the API accepts'));
  return z.strictObject({
    description,
    methods,
    path: z
      .string()
      .check(
        z.regex(pathTemplatePattern, { error: ({ input }) => pathIssueOf(String(input)) }),
        z.describe(pathDescription),
      ),
    query,
    contentTypes,
    scopes: scopes.check(
      z.describe(
        'Delegated permissions that the call needs, all of them. The user is asked for these, so name the least that the API accepts.',
      ),
    ),
    alternatives: z
      ._default(z.array(scopes), [])
      .check(
        z.describe(
          'Lists of larger permissions with which the API accepts the call too. The user is never asked for them. If one of these lists is granted already, the call is made with it.',
        ),
      ),
    bodyFields,
    fileLinks,
    embed,
    headers,
    prefer,
    guard: z.optional(guardSchema),
  });
}

function featureSchema(profile: ApiProfile) {
  return z.strictObject({
    description,
    title: z
      .string()
      .check(z.minLength(1), z.maxLength(80), z.describe('What the feature gives the user, in a few words.')),
    signIn: z
      ._default(z.boolean(), false)
      .check(z.describe('Ask for the permissions at sign-in. Default: when the feature is first used.')),
    guard: z.optional(guardSchema),
    rules: z.array(ruleSchema(profile)).check(z.describe('Calls that the feature may make.')),
  });
}

const semicolons = z
  .optional(z.literal('data', 'must be "data"; omit it to refuse semicolons in queries'))
  .check(
    z.describe(
      'For your own API only: "data" if the API reads a semicolon in a query as text, and never as the end of an option.',
    ),
  );

const repeatsRefusedWrites = z
  .optional(z.boolean())
  .check(
    z.describe(
      'For your own API only: if it refuses the token of a write with a claims challenge, send the write once more with a new token. Set it only if the API checks the token before it does anything.',
    ),
  );

/** The schema of a policy file for one API. */
export function createPolicySchema(profile: ApiProfile) {
  return z.strictObject({
    $schema: z.optional(z.string()).check(z.describe('The URL of the schema of this file, for editors.')),
    description,
    semicolons,
    repeatsRefusedWrites,
    features: z
      .record(
        z
          .string()
          .check(
            z.regex(
              /^[a-z][a-z0-9-]{0,30}$/,
              'is not a feature name; use lower-case letters, digits and hyphens, beginning with a letter',
            ),
          ),
        featureSchema(profile),
      )
      .check(
        z.describe(
          'Groups of calls by name. A call that no rule allows is refused. An empty object refuses every call.',
        ),
      ),
  });
}

export type PolicyDocument = z.infer<ReturnType<typeof createPolicySchema>>;

/** What is wrong with a path that is not a template, with a hint. */
function pathIssueOf(text: string): string {
  if (!text.startsWith('/')) return 'must begin with a slash';
  if (text.endsWith('/') || text.includes('//')) return 'has an empty segment; remove the slash';
  if (/[?#]/.test(text)) return 'must not have a query; list the options in "query"';
  if (text.includes('*')) return 'has a wildcard; write a rule for each path, with {id} for each id';
  if (text.includes('%')) return 'is encoded; write the characters themselves';
  if (/\/(?::[A-Za-z]|<|\[)/.test(text)) return 'has a parameter in another notation; write {id}';
  if (/\('/.test(text) || /\(\{/.test(text)) return 'has a key in parentheses; write it as a segment, /{id}';
  return "is not a path template; write literals, {id} for a whole segment, and functions like view(start='{start}')";
}
