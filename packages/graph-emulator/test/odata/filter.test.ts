import { describe, expect, it } from 'vitest';
import type { EntityType } from '../../src/odata/entity-type.ts';
import { parseFilter } from '../../src/odata/filter.ts';
import { parseOrder } from '../../src/odata/order.ts';

const letter: EntityType = {
  name: 'letter',
  properties: {
    id: '',
    subject: '',
    from: { emailAddress: { name: '', address: '' } },
    received: '2026-01-01T00:00:00Z',
    start: { dateTime: '', timeZone: '' },
    isRead: true,
    size: 0,
    categories: [''],
    to: [{ emailAddress: { address: '' } }],
    flag: null,
  },
  always: ['id'],
  paging: { defaultSize: 10, maxSize: 100, by: '$skip' },
};

const letters = [
  {
    id: '1',
    subject: "O'Brien & Søn – draft (final)",
    from: { emailAddress: { name: 'Nora', address: 'nora@contoso.example' } },
    received: '2026-03-02T09:30:00Z',
    start: { dateTime: '2026-03-02T10:00:00.0000000', timeZone: 'UTC' },
    isRead: false,
    size: 10,
    categories: ['Red', 'Blue'],
    to: [{ emailAddress: { address: 'alice@contoso.example' } }],
    flag: { flagStatus: 'flagged' },
  },
  {
    id: '2',
    subject: 'Q1–Q2 report',
    from: { emailAddress: { name: 'Ravi', address: 'ravi@contoso.example' } },
    received: '2026-03-03T00:00:00Z',
    start: { dateTime: '2026-03-03T08:00:00.0000000', timeZone: 'UTC' },
    isRead: true,
    size: 20,
    categories: [],
    to: [],
    flag: null,
  },
  {
    id: '3',
    subject: null,
    from: null,
    received: '2026-03-04T00:00:00Z',
    start: null,
    isRead: true,
    size: 30,
    categories: ['Blue'],
    to: [{ emailAddress: { address: 'ben@contoso.example' } }],
    flag: { flagStatus: 'notFlagged' },
  },
];

const found = (filter: string): string =>
  letters
    .filter(parseFilter(filter, letter).matches)
    .map(({ id }) => id)
    .join('');

describe('a filter', () => {
  it.each([
    ['equal texts, in any letter case', "subject eq 'q1–q2 REPORT'", '2'],
    ['a quote, which is doubled', "subject eq 'O''Brien & Søn – draft (final)'", '1'],
    ['a property in any letter case', "SUBJECT eq 'Q1–Q2 report'", '2'],
    ['a missing value', 'subject eq null', '3'],
    ['a value that is not missing', 'subject ne null', '12'],
    ['another value, also a missing one', "subject ne 'Q1–Q2 report'", '13'],
    ['booleans', 'isRead eq false', '1'],
    ['a boolean alone', 'isRead', '23'],
    ['numbers', 'size ge 20', '23'],
    ['a range', 'size gt 10 and size lt 30', '2'],
    ['a bound itself', 'size le 10', '1'],
    ['dates', 'received ge 2026-03-03T00:00:00Z', '23'],
    ['dates with another time zone', 'received lt 2026-03-03T01:00:00+01:00', '1'],
    ['days', 'received ge 2026-03-03', '23'],
    ['dates that are texts', "start/dateTime ge '2026-03-03T08:00'", '2'],
    ['paths of names', "from/emailAddress/address eq 'nora@contoso.example'", '1'],
    ['paths below a property of any shape', "flag/flagStatus eq 'flagged'", '1'],
    ['beginnings', "startswith(subject,'q1')", '2'],
    ['functions in any letter case', "startsWith(subject, 'Q1')", '2'],
    ['ends', "endsWith(from/emailAddress/address,'CONTOSO.example')", '12'],
    ['parts', "contains(subject,'(final)')", '1'],
    ['a function that is compared', "startswith(subject,'q1') eq true", '2'],
    ['changed texts', "tolower(subject) eq 'q1–q2 report'", '2'],
    ['a list of values', "id in ('1', '3')", '13'],
    ['not', "not startswith(subject,'Q1')", '13'],
    ['NOT and parentheses', "NOT(subject eq 'Q1–Q2 report')", '13'],
    ['and before or', "id eq '1' or id eq '2' and isRead eq false", '1'],
    ['parentheses before and', "(id eq '1' or id eq '2') and isRead eq true", '2'],
    ['operators in capitals', "id EQ '1' OR id EQ '2'", '12'],
    ['any of a list', "categories/any(c:c eq 'blue')", '13'],
    ['any of a list of objects', "to/any(r: r/emailAddress/address eq 'ben@contoso.example')", '3'],
    ['all of a list', "categories/all(c:c eq 'Blue')", '23'],
    ['a list with members', 'to/any()', '13'],
  ])('understands %s', (_what, filter, ids) => {
    expect(found(filter)).toBe(ids);
  });

  it.each([
    ['an unknown property', "sender eq 'x'", "'sender'"],
    ['an unknown property of a property', "from/emailAddress/phone eq 'x'", "'phone'"],
    ['a property of an object’s prototype', "__proto__ eq 'x'", "'__proto__'"],
    ['an unknown function', "substring(subject,1) eq 'x'", "'substring'"],
    ['an unknown operator', "subject like 'x'", "'like'"],
    ['an open quote', "subject eq 'x", `"'"`],
    ['a quote that is not doubled', "subject eq 'O'Brien'", `Brien`],
    ['an unexpected character', 'size eq 1; size eq 2', "';'"],
    ['a property as the value', 'subject eq id', "'id'"],
    ['a text where a number is', "size eq '1'", 'incompatible types'],
    ['a number where a text is', 'subject eq 1', 'incompatible types'],
    ['a text where a date is', "received ge '2026-03-03'", 'incompatible types'],
    ['a text alone', 'subject', 'boolean'],
    ['an open parenthesis', "(id eq '1'", 'ends too early'],
    ['a missing value', 'id eq', 'ends too early'],
    ['an empty filter', '', 'ends too early'],
    ['two filters', "id eq '1' id eq '2'", "'id'"],
    ['a list where a value is', "categories/any(c:c eq 'x'", 'ends too early'],
    ['members of a property that is no list', "subject/any(c:c eq 'x')", "'subject'"],
  ])('is refused and named: %s', (_what, filter, part) => {
    expect(() => parseFilter(filter, letter)).toThrow(part.replaceAll('"', ''));
  });

  it('tells which properties and operators it uses', () => {
    const { properties, operators } = parseFilter("SIZE gt 1 and not startswith(subject,'x')", letter);
    expect(properties).toEqual(['size', 'subject']);
    expect([...operators]).toEqual(['gt', 'not', 'startswith']);
  });
});

describe('an order', () => {
  const ids = (order: string) =>
    parseOrder(order, letter)
      .apply(letters)
      .map(({ id }) => id)
      .join('');

  it.each([
    ['size desc', '321'],
    ['subject', '312'],
    ['isRead, size desc', '132'],
    ['from/emailAddress/name DESC', '213'],
    ['received asc,id', '123'],
  ])('can be %s', (order, expected) => {
    expect(ids(order)).toBe(expected);
  });

  it.each([
    ['sender', "'sender'"],
    ['size down', "'size down'"],
    ['size,,id', '$orderby'],
  ])('is refused and named: %s', (order, part) => {
    expect(() => ids(order)).toThrow(part);
  });
});
