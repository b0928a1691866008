import * as z from 'zod/mini';

/** The values that a query option may have. `true`: any value. */
export type OptionBound = true | NumberBound | TextBound | ChoiceBound | FieldsBound | ExpandBound;

interface MayBeRequired {
  /** If true, a call without the option is refused. */
  readonly required?: boolean | undefined;
}
export interface NumberBound extends MayBeRequired {
  readonly max: number;
  /** Whether the word `max` may stand in place of the number. */
  readonly orMax?: boolean | undefined;
}
export interface TextBound extends MayBeRequired {
  readonly maxLength: number;
}
export interface ChoiceBound extends MayBeRequired {
  readonly oneOf: readonly string[];
}
export interface FieldsBound extends MayBeRequired {
  readonly fields: readonly string[];
  /** Only of `$select`: these are requested if the caller selects none. */
  readonly default?: readonly string[] | undefined;
}
export interface ExpandBound extends MayBeRequired {
  readonly navigations: Readonly<Record<string, OptionBounds>>;
}
export type OptionBounds = Readonly<Record<string, OptionBound>>;

const required = z.optional(z.boolean()).check(z.describe('Refuse a call without this option.'));
const anything = z.literal(true).check(z.describe('Any value.'));

const field = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z@][\w.@]*(?:\/[A-Za-z][\w.]*)*$/,
      'is not a field name; write it as the API does, like "displayName" or "from/emailAddress"',
    ),
  );
const fields = z.array(field).check(z.minLength(1, 'is empty; name a field, or omit the option'));

const numberBound = z
  .strictObject({
    max: z.int().check(z.minimum(0), z.maximum(1_000_000), z.describe('The largest number that may pass.')),
    required,
  })
  .check(z.describe('A whole number with an upper limit.'));
const levelsBound = z
  .strictObject({
    max: z.int().check(z.minimum(0), z.maximum(1_000_000), z.describe('The largest number that may pass.')),
    orMax: z
      .optional(z.boolean())
      .check(z.describe('Let the word max pass too, with which the API returns all levels.')),
    required,
  })
  .check(z.describe('A whole number with an upper limit, or the word max.'));
const textBound = z
  .strictObject({
    maxLength: z
      .int()
      .check(z.minimum(1), z.maximum(4096), z.describe('The largest number of characters, decoded.')),
    required,
  })
  .check(z.describe('Any text up to this length.'));
const choiceBound = z
  .strictObject({
    oneOf: z
      .array(z.string().check(z.minLength(1)))
      .check(z.minLength(1), z.describe('The complete values that may pass.')),
    required,
  })
  .check(z.describe('One of these values.'));
const fieldsBound = (what: string) =>
  z
    .strictObject({ fields: fields.check(z.describe(what)), required })
    .check(z.describe(`Fields by name. ${what}`));

const selectBound = z
  .strictObject({
    fields: fields.check(z.describe('Only these may be selected.')),
    default: z
      .optional(fields)
      .check(
        z.describe(
          'Some of these fields. A call without $select gets this $select, because the API would otherwise return fields that it chooses.',
        ),
      ),
    required,
  })
  .check(
    z.refine(
      (bound) => bound.default === undefined || bound.default.every((name) => bound.fields.includes(name)),
      '"default" has a field that "fields" does not have; add it there, or remove it here',
    ),
    z.refine(
      (bound) => bound.default === undefined || bound.required !== true,
      'has "default" and "required"; remove one of them',
    ),
    z.describe('Fields by name. Only these may be selected.'),
  );

const wrongShape = (shapes: string) => `is not a bound of this option; write ${shapes}`;
const asNumber = z.union([anything, numberBound], wrongShape('true or { "max": 50 }'));
const asText = z.union([anything, textBound], wrongShape('true or { "maxLength": 200 }'));

const expandBound = z
  .strictObject({
    navigations: z
      .record(
        z.string().check(z.regex(/^[A-Za-z]\w*$/, 'is not a navigation property; write one like "manager"')),
        z.lazy(() => optionBounds),
      )
      .check(
        z.refine(
          (navigations) => !Object.values(navigations).some(hasDefault),
          'has a "default" for $select, which only the $select of the call itself may have; write "required": true',
        ),
        z.describe(
          'The properties that may be expanded, each with the options that may be nested in its parentheses.',
        ),
      ),
    required,
  })
  .check(z.describe('Related objects, as deep as the bounds are nested here.'));

/** OData's own options. Each has the kinds of bounds that suit its values. */
const systemOptions = z.partial(
  z.object(
    {
      $select: z
        .union([anything, selectBound], wrongShape('true or { "fields": ["id"] }'))
        .check(z.describe('The fields of the response.')),
      $top: asNumber.check(z.describe('The number of items in a page.')),
      $skip: asNumber.check(z.describe('The number of items that are skipped.')),
      $filter: z
        .union(
          [anything, fieldsBound('Only these may be compared; no lambda.'), choiceBound],
          wrongShape('true, { "fields": ["id"] } or { "oneOf": ["isRead eq false"] }'),
        )
        .check(
          z.describe(
            'Which items are returned. Comparing a field reveals its value even if it may not be selected.',
          ),
        ),
      $orderby: z
        .union(
          [anything, fieldsBound('Only these may be sorted by, each with asc or desc.'), choiceBound],
          wrongShape('true, { "fields": ["id"] } or { "oneOf": ["id desc"] }'),
        )
        .check(z.describe('The order of the items.')),
      $search: z
        .union(
          [
            anything,
            fieldsBound(
              'Only these may be searched, as "field:text" in quotes, with AND, OR or a space between the clauses.',
            ),
            textBound,
          ],
          wrongShape('true, { "fields": ["displayName"] } or { "maxLength": 200 }'),
        )
        .check(
          z.describe(
            'Items with these words. A search reveals the value of a field even if it may not be selected.',
          ),
        ),
      $expand: z
        .union(
          [anything, expandBound],
          wrongShape('true or { "navigations": { "manager": { "$select": { "fields": ["id"] } } } }'),
        )
        .check(z.describe('Related objects in the same response. true allows every related object.')),
      $levels: z
        .union([anything, levelsBound], wrongShape('true, { "max": 5 } or { "max": 5, "orMax": true }'))
        .check(z.describe('Inside $expand: the number of levels.')),
      $count: z
        .union([anything, choiceBound], wrongShape('true or { "oneOf": ["true"] }'))
        .check(z.describe('Whether the items are counted.')),
      $skiptoken: asText.check(z.describe('Where a page begins, as the API wrote it.')),
      $deltatoken: asText.check(
        z.describe('The state since which changes are returned, as the API wrote it.'),
      ),
    },
    'must be an object: each option with its bound, like { "$top": { "max": 50 } }',
  ),
);

const otherOption = z
  .union(
    [anything, numberBound, textBound, choiceBound],
    wrongShape('true, { "max": 50 }, { "maxLength": 200 } or { "oneOf": ["a"] }'),
  )
  .check(z.describe('A parameter of the API itself, like startDateTime.'));

/** The bounds of query options, including those nested in `$expand`. */
export const optionBounds: z.ZodMiniType<OptionBounds, OptionBounds> = z
  .catchall(systemOptions, otherOption)
  .check(
    z.refine(
      (bounds) => Object.keys(bounds).every(isOptionName),
      'has an invalid name of an option; use letters, digits and hyphens, with a $ before them if the API has it',
    ),
    z.describe('Query options that may be used, each with its bound.'),
    z.meta({ id: 'options' }),
  );

function hasDefault({ $select }: OptionBounds): boolean {
  return $select !== undefined && $select !== true && 'default' in $select;
}

function isOptionName(name: string): boolean {
  return /^\$?[A-Za-z][A-Za-z0-9-]*$/.test(name);
}
