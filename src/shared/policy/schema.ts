import * as z from 'zod/mini';
import { guardSchema } from '../access/guard-rules.ts';
import type { Dialect } from './api-profile.ts';
import { isMediaRange } from './media-type.ts';
import { isOptionName, optionBounds } from './option-bounds.ts';
import { pathTemplateForm } from './path-template.ts';
import { isNameableHeader } from './request-headers.ts';

/** Methods that the proxy can forward. */
const proxyMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const isSet = (names: readonly string[]) =>
  new Set(names.map((name) => name.toLowerCase())).size === names.length;
const twice = 'names one twice; take one out';

const headers = z
  ._default(
    z
      .array(
        z
          .string()
          .check(
            z.refine(
              isNameableHeader,
              'is no header that a rule can let pass; name one that means something to the API alone, like "workbook-session-id"',
            ),
          ),
      )
      .check(z.refine(isSet, twice)),
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
              'is no name of a preference; write it without a value, like "respond-async"',
            ),
          ),
      )
      .check(z.refine(isSet, twice)),
    [],
  )
  .check(
    z.describe(
      'Further preferences of the Prefer header that may pass with any value, in addition to those that every rule lets pass.',
    ),
  );

const description = z.optional(z.string()).check(z.describe('For the people who read this file.'));

const methods = z
  .array(z.enum(proxyMethods, `is no method that can pass; write one of ${proxyMethods.join(', ')}`))
  .check(z.minLength(1, 'names no method; name one'), z.describe('Methods that may be used.'));

const query = z
  ._default(
    z.union(
      [
        z
          .array(z.string().check(z.refine(isOptionName, 'is no name of a query option')))
          .check(z.describe('Names alone: each may have any value.')),
        optionBounds,
      ],
      { error: 'is neither a list of names nor an object of bounds' },
    ),
    [],
  )
  .check(z.describe('Query options that may be used. None when left out.'));

const contentTypes = z
  .optional(
    z
      .array(
        z
          .string()
          .check(
            z.refine(
              isMediaRange,
              'is no media type; write one like "image/jpeg", without parameters, or "*/*"',
            ),
          ),
      )
      .check(z.minLength(1, 'names no type; name one, or leave it out for application/json')),
  )
  .check(z.describe('Types of the body that may be sent. application/json when left out.'));

const bodyFields = z
  .optional(
    z
      .array(
        z
          .string()
          .check(
            z.regex(
              /^[A-Za-z@][\w.@-]*$/,
              'is no name of a field; write it as the API does, like "displayName"',
            ),
          ),
      )
      .check(z.minLength(1, 'names no field; name one, or leave it out')),
  )
  .check(
    z.describe(
      'The only fields that the body may have at its top level. The body must then be a JSON object. If left out, every field may pass.',
    ),
  );

const fileLinks = z
  ._default(z.boolean(), false)
  .check(
    z.describe(
      'Let addresses come out of the answer at which a file is read or written without a token, at hosts of Microsoft. Whoever has one needs no session until it expires. Removed when left out.',
    ),
  );

function ruleSchema({ scopeForm, scopeCure, pathDescription }: Dialect) {
  const scopes = z
    .array(z.string().check(z.regex(scopeForm, `is no permission; ${scopeCure}`)))
    .check(z.minLength(1, 'names no permission; name the least that the API accepts'));
  return z.strictObject({
    description,
    methods,
    path: z
      .string()
      .check(
        z.regex(pathTemplateForm, { error: ({ input }) => pathCure(String(input)) }),
        z.describe(pathDescription),
      ),
    query,
    contentTypes,
    scopes: scopes.check(
      z.describe(
        'Delegated permissions that the call needs: all of them, the least that the API accepts. They are asked for.',
      ),
    ),
    alternatives: z
      ._default(z.array(scopes), [])
      .check(
        z.describe(
          'Larger permissions with which the API accepts the call too. Never asked for: where the person has granted one of these lists already, the call is made with it.',
        ),
      ),
    bodyFields,
    fileLinks,
    headers,
    prefer,
    guard: z.optional(guardSchema),
  });
}

function featureSchema(dialect: Dialect) {
  return z.strictObject({
    description,
    title: z
      .string()
      .check(z.minLength(1), z.maxLength(80), z.describe('What the person gets, in a few words.')),
    signIn: z
      ._default(z.boolean(), false)
      .check(z.describe('Ask for the permissions at sign-in. Otherwise they are asked for when first used.')),
    guard: z.optional(guardSchema),
    rules: z.array(ruleSchema(dialect)).check(z.describe('Calls that the feature may make.')),
  });
}

const semicolons = z
  .optional(
    z.literal(
      'data',
      'is not understood; write "data", or leave it out and semicolons in queries are refused',
    ),
  )
  .check(
    z.describe(
      'For your own API only: "data" if the API takes a semicolon in a query for text, and never for the end of an option.',
    ),
  );

const repeatsRefusedWrites = z
  .optional(z.boolean())
  .check(
    z.describe(
      'For your own API: if it refuses the token of a write with a claims challenge, the write is sent once more with a new token. Set it only if the API checks the token before it does anything.',
    ),
  );

/** The schema of a policy file for one upstream API. */
export function createPolicySchema(dialect: Dialect) {
  return z.strictObject({
    $schema: z.optional(z.string()).check(z.describe('Where the schema of this file is, for editors.')),
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
              'is no name of a feature; use small letters, digits and hyphens, a letter first',
            ),
          ),
        featureSchema(dialect),
      )
      .check(
        z.describe(
          'Groups of calls by name. What no rule names is refused; an empty object refuses everything.',
        ),
      ),
  });
}

export type PolicyDocument = z.infer<ReturnType<typeof createPolicySchema>>;

/** What is wrong with a template that does not have the form of one. */
function pathCure(text: string): string {
  if (!text.startsWith('/')) return 'is no path; begin with a slash';
  if (text.endsWith('/') || text.includes('//')) return 'has an empty segment; take the slash out';
  if (/[?#]/.test(text)) return 'has more than a path; list query options in "query"';
  if (text.includes('*')) return 'has a wildcard; write a rule for each path, with {id} for each id';
  if (text.includes('%')) return 'is encoded; write the letters as they are';
  if (/\/(?::[A-Za-z]|<|\[)/.test(text)) return 'writes a parameter in another way; write {id}';
  if (/\('/.test(text) || /\(\{/.test(text)) return 'has a key in brackets; write it as a segment, /{id}';
  return "is no path template; write literals, {id} for a whole segment, and functions like view(start='{start}')";
}
