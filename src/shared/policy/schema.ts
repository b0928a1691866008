import * as z from 'zod';
import { guardSchema } from '../access/guard-rules.ts';
import type { Dialect } from './api-profile.ts';
import { isMediaRange } from './media-type.ts';
import { pathTemplateForm } from './path-template.ts';
import { isNameableHeader } from './request-headers.ts';

/** Methods that the proxy can forward. */
const proxyMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** What a query option may say. `true`: anything. */
export type OptionBound = true | NumberBound | TextBound | ChoiceBound | FieldsBound | ExpandBound;

interface MayBeRequired {
  /** The call is refused without the option. */
  readonly required?: boolean | undefined;
}
export interface NumberBound extends MayBeRequired {
  readonly max: number;
}
export interface TextBound extends MayBeRequired {
  readonly maxLength: number;
}
export interface ChoiceBound extends MayBeRequired {
  readonly oneOf: readonly string[];
}
export interface FieldsBound extends MayBeRequired {
  readonly fields: readonly string[];
}
export interface ExpandBound extends MayBeRequired {
  readonly navigations: Readonly<Record<string, OptionBounds>>;
}
export type OptionBounds = Readonly<Record<string, OptionBound>>;

const required = z.boolean().optional().describe('Refuse the call when the option is not there.');
const anything = z.literal(true).describe('Any value.');

const field = z
  .string()
  .regex(
    /^[A-Za-z@][\w.@]*(?:\/[A-Za-z][\w.]*)*$/,
    'is no name of a field; write it as the API does, like "displayName" or "from/emailAddress"',
  );
const fields = z.array(field).min(1, 'names no field; name one, or leave the option out');

const numberBound = z
  .strictObject({
    max: z.int().min(0).max(1_000_000).describe('The largest number that may be given.'),
    required,
  })
  .describe('A whole number, with a cap.');
const textBound = z
  .strictObject({
    maxLength: z.int().min(1).max(4096).describe('The most characters, decoded.'),
    required,
  })
  .describe('Any text up to a length.');
const choiceBound = z
  .strictObject({
    oneOf: z.array(z.string().min(1)).min(1).describe('The values that may be given, each as a whole.'),
    required,
  })
  .describe('One of a few values.');
const listBound = (what: string) =>
  z.strictObject({ fields: fields.describe(what), required }).describe(`Fields by name. ${what}`);

const wrongShape = (shapes: string) => `is no bound of this option; write ${shapes}`;
const asNumber = z.union([anything, numberBound], wrongShape('true or { "max": 50 }'));
const asText = z.union([anything, textBound], wrongShape('true or { "maxLength": 200 }'));

const expandBound = z
  .strictObject({
    navigations: z
      .record(
        z.string().regex(/^[A-Za-z]\w*$/, 'is no name of a navigation property; write one like "manager"'),
        z.lazy(() => optionBounds),
      )
      .describe('What may be expanded, by name, each with the options that may be nested in its brackets.'),
    required,
  })
  .describe('Related objects. How deep is what this file nests.');

/** The bounds of query options, also of those nested in `$expand`. */
const optionBounds: z.ZodType<OptionBounds, OptionBounds> = z
  .object({
    $select: z
      .union([anything, listBound('Only these may be selected.')], wrongShape('true or { "fields": ["id"] }'))
      .describe('Fields of the answer.'),
    $top: asNumber.describe('How many items a page has.'),
    $skip: asNumber.describe('How many items are passed over.'),
    $filter: z
      .union(
        [anything, listBound('Only these may be compared; no lambda.'), choiceBound],
        wrongShape('true, { "fields": ["id"] } or { "oneOf": ["isRead eq false"] }'),
      )
      .describe('Which items. Comparing a field can tell its value even where it may not be selected.'),
    $orderby: z
      .union(
        [anything, listBound('Only by these, each with asc or desc.'), choiceBound],
        wrongShape('true, { "fields": ["id"] } or { "oneOf": ["id desc"] }'),
      )
      .describe('The order of the items.'),
    $search: z
      .union(
        [
          anything,
          listBound('Only these are searched, as "field:text" in quotes, with AND, OR or a space between.'),
          textBound,
        ],
        wrongShape('true, { "fields": ["displayName"] } or { "maxLength": 200 }'),
      )
      .describe(
        'Items that have these words. A search can tell the value of a field that may not be selected.',
      ),
    $expand: z
      .union(
        [anything, expandBound],
        wrongShape('true or { "navigations": { "manager": { "$select": { "fields": ["id"] } } } }'),
      )
      .describe('Related objects in the same answer. true reads whatever hangs on the object.'),
    $levels: asNumber.describe('Inside $expand: how often it repeats.'),
    $count: z
      .union([anything, choiceBound], wrongShape('true or { "oneOf": ["true"] }'))
      .describe('Whether the items are counted.'),
    $skiptoken: asText.describe('Where a page begins, as the API said it.'),
    $deltatoken: asText.describe('From which state on changes are wanted, as the API said it.'),
  })
  .partial()
  .catchall(
    z
      .union(
        [anything, numberBound, textBound, choiceBound],
        wrongShape('true, { "max": 50 }, { "maxLength": 200 } or { "oneOf": ["a"] }'),
      )
      .describe('An option of the API itself, like startDateTime.'),
  )
  .refine(
    (bounds) => Object.keys(bounds).every(isOptionName),
    'names an option that is none; letters, digits and hyphens, with a $ before it where the API has it',
  )
  .describe('Query options that may be used, each with its bound.')
  .meta({ id: 'options' });

function isOptionName(name: string): boolean {
  return /^\$?[A-Za-z][A-Za-z0-9-]*$/.test(name);
}

const isSet = (names: readonly string[]) =>
  new Set(names.map((name) => name.toLowerCase())).size === names.length;
const twice = 'names one twice; take one out';

const headers = z
  .array(
    z
      .string()
      .refine(
        isNameableHeader,
        'is no header that a rule can let pass; name one that means something to the API alone, like "workbook-session-id"',
      ),
  )
  .refine(isSet, twice)
  .default([])
  .describe('Further request headers that may pass, in addition to those that every rule lets pass.');

const prefer = z
  .array(
    z
      .string()
      .regex(
        /^[A-Za-z][\w.-]{0,63}$/,
        'is no name of a preference; write it without a value, like "respond-async"',
      ),
  )
  .refine(isSet, twice)
  .default([])
  .describe(
    'Further preferences of the Prefer header that may pass with any value, in addition to those that every rule lets pass.',
  );

const description = z.string().optional().describe('For the people who read this file.');

/** The schema of a policy file for one upstream API. */
export function createPolicySchema({ scopeForm, scopeCure, pathDescription }: Dialect) {
  const scopes = z
    .array(z.string().regex(scopeForm, `is no permission; ${scopeCure}`))
    .min(1, 'names no permission; name the least that the API accepts');

  const rule = z.strictObject({
    description,
    methods: z
      .array(z.enum(proxyMethods, `is no method that can pass; write one of ${proxyMethods.join(', ')}`))
      .min(1, 'names no method; name one')
      .describe('Methods that may be used.'),
    path: z
      .string()
      .regex(pathTemplateForm, { error: ({ input }) => pathCure(String(input)) })
      .describe(pathDescription),
    query: z
      .union(
        [
          z
            .array(z.string().refine(isOptionName, 'is no name of a query option'))
            .describe('Names alone: each may have any value.'),
          optionBounds,
        ],
        { error: 'is neither a list of names nor an object of bounds' },
      )
      .default([])
      .describe('Query options that may be used. None when left out.'),
    contentTypes: z
      .array(
        z
          .string()
          .refine(
            isMediaRange,
            'is no media type; write one like "image/jpeg", without parameters, or "*/*"',
          ),
      )
      .min(1, 'names no type; name one, or leave it out for application/json')
      .optional()
      .describe('Types of the body that may be sent. application/json when left out.'),
    scopes: scopes.describe(
      'Delegated permissions that the call needs: all of them, the least that the API accepts. They are asked for.',
    ),
    alternatives: z
      .array(scopes)
      .default([])
      .describe(
        'Larger permissions with which the API accepts the call too. Never asked for: where the person has granted one of these lists already, the call is made with it.',
      ),
    bodyFields: z
      .array(
        z
          .string()
          .regex(
            /^[A-Za-z@][\w.@-]*$/,
            'is no name of a field; write it as the API does, like "displayName"',
          ),
      )
      .min(1, 'names no field; name one, or leave it out')
      .optional()
      .describe(
        'The only fields that the body may have at its top level. The body must then be a JSON object. If left out, every field may pass.',
      ),
    fileLinks: z
      .boolean()
      .default(false)
      .describe(
        'Let addresses come out of the answer at which a file is read or written without a token, at hosts of Microsoft. Whoever has one needs no session until it expires. Removed when left out.',
      ),
    headers,
    prefer,
    guard: guardSchema.optional(),
  });

  const feature = z.strictObject({
    description,
    title: z.string().min(1).max(80).describe('What the person gets, in a few words.'),
    signIn: z
      .boolean()
      .default(false)
      .describe('Ask for the permissions at sign-in. Otherwise they are asked for when first used.'),
    guard: guardSchema.optional(),
    rules: z.array(rule).describe('Calls that the feature may make.'),
  });

  const repeatsRefusedWrites = z
    .boolean()
    .optional()
    .describe(
      'For your own API: if it refuses the token of a write with a claims challenge, the write is sent once more with a new token. Set it only if the API checks the token before it does anything.',
    );

  return z.strictObject({
    $schema: z.string().optional().describe('Where the schema of this file is, for editors.'),
    description,
    semicolons: z
      .literal(
        'data',
        'is not understood; write "data", or leave it out and semicolons in queries are refused',
      )
      .optional()
      .describe(
        'For your own API only: "data" if the API takes a semicolon in a query for text, and never for the end of an option.',
      ),
    repeatsRefusedWrites,
    features: z
      .record(
        z
          .string()
          .regex(
            /^[a-z][a-z0-9-]{0,30}$/,
            'is no name of a feature; use small letters, digits and hyphens, a letter first',
          ),
        feature,
      )
      .describe(
        'Groups of calls by name. What no rule names is refused; an empty object refuses everything.',
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
