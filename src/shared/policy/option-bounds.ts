import * as z from 'zod/mini';

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

const required = z.optional(z.boolean()).check(z.describe('Refuse the call when the option is not there.'));
const anything = z.literal(true).check(z.describe('Any value.'));

const field = z
  .string()
  .check(
    z.regex(
      /^[A-Za-z@][\w.@]*(?:\/[A-Za-z][\w.]*)*$/,
      'is no name of a field; write it as the API does, like "displayName" or "from/emailAddress"',
    ),
  );
const fields = z.array(field).check(z.minLength(1, 'names no field; name one, or leave the option out'));

const numberBound = z
  .strictObject({
    max: z
      .int()
      .check(z.minimum(0), z.maximum(1_000_000), z.describe('The largest number that may be given.')),
    required,
  })
  .check(z.describe('A whole number, with a cap.'));
const textBound = z
  .strictObject({
    maxLength: z.int().check(z.minimum(1), z.maximum(4096), z.describe('The most characters, decoded.')),
    required,
  })
  .check(z.describe('Any text up to a length.'));
const choiceBound = z
  .strictObject({
    oneOf: z
      .array(z.string().check(z.minLength(1)))
      .check(z.minLength(1), z.describe('The values that may be given, each as a whole.')),
    required,
  })
  .check(z.describe('One of a few values.'));
const listBound = (what: string) =>
  z
    .strictObject({ fields: fields.check(z.describe(what)), required })
    .check(z.describe(`Fields by name. ${what}`));

const wrongShape = (shapes: string) => `is no bound of this option; write ${shapes}`;
const asNumber = z.union([anything, numberBound], wrongShape('true or { "max": 50 }'));
const asText = z.union([anything, textBound], wrongShape('true or { "maxLength": 200 }'));

const expandBound = z
  .strictObject({
    navigations: z
      .record(
        z
          .string()
          .check(z.regex(/^[A-Za-z]\w*$/, 'is no name of a navigation property; write one like "manager"')),
        z.lazy(() => optionBounds),
      )
      .check(
        z.describe(
          'What may be expanded, by name, each with the options that may be nested in its brackets.',
        ),
      ),
    required,
  })
  .check(z.describe('Related objects. How deep is what this file nests.'));

/** An option of OData. Its bound has the shape that its values have. */
const systemOptions = z.partial(
  z.object({
    $select: z
      .union([anything, listBound('Only these may be selected.')], wrongShape('true or { "fields": ["id"] }'))
      .check(z.describe('Fields of the answer.')),
    $top: asNumber.check(z.describe('How many items a page has.')),
    $skip: asNumber.check(z.describe('How many items are passed over.')),
    $filter: z
      .union(
        [anything, listBound('Only these may be compared; no lambda.'), choiceBound],
        wrongShape('true, { "fields": ["id"] } or { "oneOf": ["isRead eq false"] }'),
      )
      .check(
        z.describe('Which items. Comparing a field can tell its value even where it may not be selected.'),
      ),
    $orderby: z
      .union(
        [anything, listBound('Only by these, each with asc or desc.'), choiceBound],
        wrongShape('true, { "fields": ["id"] } or { "oneOf": ["id desc"] }'),
      )
      .check(z.describe('The order of the items.')),
    $search: z
      .union(
        [
          anything,
          listBound('Only these are searched, as "field:text" in quotes, with AND, OR or a space between.'),
          textBound,
        ],
        wrongShape('true, { "fields": ["displayName"] } or { "maxLength": 200 }'),
      )
      .check(
        z.describe(
          'Items that have these words. A search can tell the value of a field that may not be selected.',
        ),
      ),
    $expand: z
      .union(
        [anything, expandBound],
        wrongShape('true or { "navigations": { "manager": { "$select": { "fields": ["id"] } } } }'),
      )
      .check(z.describe('Related objects in the same answer. true reads whatever hangs on the object.')),
    $levels: asNumber.check(z.describe('Inside $expand: how often it repeats.')),
    $count: z
      .union([anything, choiceBound], wrongShape('true or { "oneOf": ["true"] }'))
      .check(z.describe('Whether the items are counted.')),
    $skiptoken: asText.check(z.describe('Where a page begins, as the API said it.')),
    $deltatoken: asText.check(z.describe('From which state on changes are wanted, as the API said it.')),
  }),
);

const otherOption = z
  .union(
    [anything, numberBound, textBound, choiceBound],
    wrongShape('true, { "max": 50 }, { "maxLength": 200 } or { "oneOf": ["a"] }'),
  )
  .check(z.describe('An option of the API itself, like startDateTime.'));

/** The bounds of query options, also of those nested in `$expand`. */
export const optionBounds: z.ZodMiniType<OptionBounds, OptionBounds> = z
  .catchall(systemOptions, otherOption)
  .check(
    z.refine(
      (bounds) => Object.keys(bounds).every(isOptionName),
      'names an option that is none; letters, digits and hyphens, with a $ before it where the API has it',
    ),
    z.describe('Query options that may be used, each with its bound.'),
    z.meta({ id: 'options' }),
  );

export function isOptionName(name: string): boolean {
  return /^\$?[A-Za-z][A-Za-z0-9-]*$/.test(name);
}
