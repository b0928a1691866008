import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decodings, readAsService, type Step } from '../../support/odata-service.ts';
import { ask, fileOf, policyOf } from '../../support/policies.ts';
import { shapeOf } from '../../support/proxy-attacks.ts';
import { isWholeRun } from '../../support/scale.ts';

const numRuns = isWholeRun ? 50_000 : 1_000;

const policy = policyOf(
  fileOf(
    { path: '/v1.0/users/{id}' },
    { path: '/v1.0/users/{id}/photo/$value' },
    { path: '/v1.0/me/drive/root:/{file}:/content' },
    { path: '/v1.0/me/drive/root:/{folder}/{file}' },
    { path: "/v1.0/me/search(q='{words}')" },
    { path: "/v1.0/me/reminderView(startDateTime='{start}',endDateTime='{end}')" },
    { path: '/v1.0/me/range(at={at})' },
    {
      path: '/v1.0/users',
      query: {
        $select: { fields: ['id', 'displayName'] },
        $filter: { fields: ['displayName', 'id'] },
        $orderby: { fields: ['displayName'] },
        $search: { fields: ['displayName'] },
        $expand: { navigations: { manager: { $select: { fields: ['id'] }, $filter: { fields: ['id'] } } } },
        $top: { max: 5 },
        startDateTime: { maxLength: 200 },
      },
    },
    { path: '/v1.0/me/messages', query: { $search: { maxLength: 200 }, $filter: true } },
  ),
);

/** What is sent for a call, below the origin. Undefined if the call is refused. */
function sentFor(target: string): string | undefined {
  const call = ask(policy, `GET ${target}`);
  if (call instanceof Error) return undefined;
  return call.query === '' ? call.path : `${call.path}?${call.query}`;
}

/** The options that a service finds in what is sent, if it decodes this often. */
function optionsAt(target: string, decodings: Decodings): Readonly<Record<string, string>> | undefined {
  const sent = sentFor(target);
  const options = sent === undefined ? undefined : readAsService(sent, decodings)?.options;
  return options && Object.fromEntries(options);
}

/** Any text of characters that exist, with many that have a meaning in URLs, in OData, or that look like one of those. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom(
      ...[
        "'",
        "''",
        '"',
        '%',
        '%2',
        '#',
        '&',
        '(',
        ')',
        ';',
        ',',
        '=',
        '$',
        '@',
        ':',
        '?',
        '+',
        '!',
        '^',
        '~',
        '.',
      ],
      ...[
        '{',
        '}',
        '[',
        ']',
        ' ',
        '|',
        '*',
        '\uff07',
        '\u2215',
        '\uff0f',
        '\u2019',
        '\u2013',
        '\u202e',
        '\ufeff',
      ],
      ...[
        'e\u0301',
        '\u00e9',
        '\u{1f34e}',
        '\u200b',
        '25',
        '27',
        '2F',
        'u0027',
        'a',
        '$value',
        "('x')",
        '\u0344',
      ],
    ),
    maxLength: 12,
  }),
);
const isControl = /\p{Cc}/u;
const isEscape = /%(?:[\da-f]{2}|u[\da-f]{4})/i;
const isSendable = (text: string) => !isControl.test(text) && !isEscape.test(text) && !/[/\\]/.test(text);

/** A text as a lenient reader sees it. */
const looked = (text: string) => text.normalize('NFKC').replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');

/** Encodes a text for a path. The pattern decides which characters stay that a path may have as they are. */
function encode(text: string, pattern: number): string {
  const units = text.match(/''|./gsu) ?? [];
  return units
    .map((unit, at) => {
      const encoded = [...unit].map((one) => (/[\w.~-]/.test(one) ? one : percent(one))).join('');
      const mayStay = /^[!$&'()*+,;=:@]+$/.test(unit);
      return mayStay && (pattern >> (at % 24)) % 2 === 0 ? unit : encoded;
    })
    .join('');
}

const percent = (text: string) => `%${Buffer.from(text).toString('hex').match(/../g)?.join('%')}`;
const quote = (text: string) => text.replaceAll("'", "''");

const pattern = fc.nat(2 ** 24 - 1);
const me: Step[] = [
  { kind: 'name', text: 'v1.0' },
  { kind: 'name', text: 'me' },
];
const root: Step[] = [...me, { kind: 'name', text: 'drive' }, { kind: 'name', text: 'root' }];
const users: Step[] = [
  { kind: 'name', text: 'v1.0' },
  { kind: 'name', text: 'users' },
];

function expectSurvives(
  isAccepted: (text: string) => boolean,
  toPath: (spelled: string) => string,
  toSteps: (text: string) => Step[],
  toSpelled = (text: string) => text,
) {
  fc.assert(
    fc.property(anyText.filter(isAccepted), pattern, (text, spelling) => {
      const sent = sentFor(toPath(encode(toSpelled(text), spelling)));
      for (const decodings of [1, 2] as const) {
        expect(sent === undefined ? undefined : readAsService(sent, decodings)?.steps).toEqual(toSteps(text));
      }
    }),
    { numRuns },
  );
}

describe('every text arrives as it was meant', () => {
  it('as a key', { tags: ['PX-3', 'PX-4'] }, () => {
    // The text in between can have everything, also what a key must not begin or end with.
    expectSurvives(
      (text) => isSendable(text) && !/[:;?/\\]/.test(looked(text)) && !isEscape.test(looked(text)),
      (spelled) => `/v1.0/users/x%20y-${spelled}-1`,
      (text) => [...users, { kind: 'key', text: `x y-${text}-1` }],
    );
  });

  it('as a key in quotes and parentheses', { tags: ['PX-3', 'PX-4'] }, () => {
    expectSurvives(
      (text) => isSendable(text) && !/^[a-z]*$/i.test(looked(text).replaceAll(/[\s.]/g, '')),
      (spelled) => `/v1.0/users('${spelled}')/photo/$value`,
      (text) => [
        ...users,
        { kind: 'key', text },
        { kind: 'name', text: 'photo' },
        { kind: 'name', text: '$value' },
      ],
      quote,
    );
  });

  it('as the name of a file', { tags: ['PX-3', 'PX-4'] }, () => {
    expectSurvives(
      (text) => isSendable(text) && !/[:?]/.test(text),
      (spelled) => `/v1.0/me/drive/root:/x${spelled}y/z`,
      (text) => [...root, { kind: 'file', text: `x${text}y` }, { kind: 'file', text: 'z' }],
    );
  });

  it('as an argument of a function', { tags: ['PX-3', 'PX-4'] }, () => {
    expectSurvives(
      (text) => isSendable(text) && text !== '',
      (spelled) => `/v1.0/me/reminderView(startDateTime='${spelled}',endDateTime='${spelled}')`,
      (text) => [
        ...me,
        {
          kind: 'call',
          text: 'reminderView',
          values: [
            ['startDateTime', text],
            ['endDateTime', text],
          ],
        },
      ],
      quote,
    );
  });

  it.each<[string, string, (text: string) => string]>([
    ['text in a filter', '/v1.0/users?$filter=', (text) => `displayName eq '${quote(text)}'`],
    [
      'an argument of a filter',
      '/v1.0/users?$FILTER=',
      (text) => `Contains(displayName, '${quote(text)}') or id eq '1'`,
    ],
    ['any search', '/v1.0/me/messages?%24Search=', (text) => text],
    ['a parameter of the API', '/v1.0/users?StartDateTime=', (text) => text],
  ])('as %s, except for what a second decoding changes', { tags: ['PX-5'] }, (_what, start, toValue) => {
    const isAccepted = (text: string) => !isControl.test(text) && !isEscape.test(text) && !/[&#]/.test(text);
    // A semicolon outside of quotes would end an option.
    const semicolons = start.includes('FILTER') || start.includes('$filter') ? /$^/ : /;/;
    fc.assert(
      fc.property(
        anyText.filter((text) => isAccepted(text) && !semicolons.test(text)),
        fc.boolean(),
        (text, usesPlus) => {
          const encoded = encodeURIComponent(toValue(text)).replaceAll(
            "'",
            text.length % 2 === 0 ? "'" : '%27',
          );
          const target = start + (usesPlus ? encoded.replaceAll('%20', '+') : encoded);
          for (const decodings of [1, 2] as const) {
            expect(Object.values(optionsAt(target, decodings) ?? {})).toEqual([toValue(text)]);
          }
        },
      ),
      { numRuns },
    );
  });

  it.each(['&', '#', 'a%26', '%u0026', 'R&D'])(
    'but not with %j, which is named',
    { tags: ['PX-5'] },
    (text) => {
      const query = `$filter=displayName%20eq%20'${encodeURIComponent(text)}'`;
      expect(ask(policy, `GET /v1.0/users?${query}`)).toMatchObject({
        status: 400,
        detail: expect.stringMatching(/^Refused: the value of \$filter has the character "[&#%]"/),
      });
    },
  );

  it.each([
    ['x_y.com#EXT#@contoso.com', '/v1.0/users/x_y.com%23EXT%23@contoso.com'],
    ["brian.o'brian@contoso.com", "/v1.0/users/brian.o'brian@contoso.com"],
    ['{00000000-0001-0000-0000-000000000000}', '/v1.0/users/%7B00000000-0001-0000-0000-000000000000%7D'],
    ['v1', "/v1.0/users('v1')"],
    ["'); $value", '/v1.0/users(%27%27%27);%20$value%27)'],
  ])('%s as a key', (key, path) => {
    expect(readAsService(sentFor(path) ?? '', 1)?.steps).toEqual([...users, { kind: 'key', text: key }]);
  });
});

describe('nothing that is accepted', () => {
  const shapes = [
    'v1.0/users',
    'v1.0/me/messages',
    'v1.0/users/{key}',
    'v1.0/users/{key}/photo/$value',
    'v1.0/me/drive/root/{file}/content',
    'v1.0/me/drive/root/{file}/{file}',
    'v1.0/me/search(q)',
    'v1.0/me/reminderView(startDateTime,endDateTime)',
    'v1.0/me/range(at)',
  ];
  const piece = fc.oneof(
    fc.constantFrom(
      ...[
        '/',
        '/',
        "'",
        "''",
        '%27',
        '%27%27',
        "('",
        "')",
        '(',
        ')',
        '%28',
        '%29',
        ',',
        ';',
        '=',
        ':',
        '%3A',
        '..',
        '.',
      ],
      ...[
        '%2F',
        '%5C',
        '%252F',
        '%2523',
        '%23',
        '%3F',
        '%2527',
        '%25',
        '%u0027',
        '%2e',
        '$value',
        '%24value',
        '$ref',
      ],
      ...[
        'users',
        'photo',
        'root:',
        'content',
        'delta',
        'search',
        'q=',
        'at=',
        '%20',
        '%00',
        '%c0%af',
        '%EF%BC%87',
      ],
      ...[
        '%E2%88%95',
        '%EF%BC%8F',
        '%E2%80%8B',
        '%E2%80%AE',
        '%CC%81',
        '@',
        '&',
        '#',
        'microsoft.graph.user',
        'A1',
      ],
    ),
    anyText.map((text) => encode(text, 0)),
  );
  const soup = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  const path = fc.oneof(
    soup.map((text) => `/v1.0/users/${text}`),
    soup.map((text) => `/v1.0/users('${text}')`),
    soup.map((text) => `/v1.0/users${text}/photo/$value`),
    soup.map((text) => `/v1.0/me/drive/root:/${text}:/content`),
    soup.map((text) => `/v1.0/me/drive/root:/${text}`),
    soup.map((text) => `/v1.0/me/search(q='${text}')`),
    fc
      .tuple(soup, soup)
      .map(([start, end]) => `/v1.0/me/reminderView(startDateTime='${start}',endDateTime='${end}')`),
    soup.map((text) => `/v1.0/me/range(at=${text})`),
    soup.map((text) => `/v1.0/${text}`),
  );

  it.each<Decodings>([1, 2])(
    'is another resource for a service that decodes %i times',
    { tags: ['PX-3', 'PX-4'] },
    (decodings) => {
      let accepted = 0;
      fc.assert(
        fc.property(path, (target) => {
          const sent = sentFor(target);
          if (sent === undefined) return;
          accepted++;
          expect(shapes, `${target} sends ${sent}`).toContain(shapeOf(readAsService(sent, decodings)?.steps));
        }),
        { numRuns: numRuns * 2 },
      );
      expect(accepted).toBeGreaterThan(numRuns / 20);
    },
  );

  const word = fc.constantFrom(
    ...[
      'displayName',
      'id',
      'mail',
      'manager',
      'secret',
      'eq',
      'or',
      'in',
      'not',
      'contains',
      '$select',
      '$filter',
    ],
    ...[
      '(',
      ')',
      ',',
      ';',
      ':',
      '=',
      "'",
      "''",
      '%27',
      '%2527',
      '"',
      ' ',
      '%20',
      '+',
      '&',
      '%26',
      '%2526',
      '#',
      '%23',
    ],
    ...[
      '%2523',
      '%25',
      '%u0026',
      '%25u0026',
      '/',
      '*',
      '$it',
      '@p',
      'a',
      '1',
      '%EF%BC%87',
      '\\',
      '%3B',
      '%0a',
      '$top',
      '9',
    ],
  );
  const value = fc.array(word, { maxLength: 9 }).map((words) => words.join(''));
  const query = fc.oneof(
    fc
      .tuple(fc.constantFrom('$select', '$filter', '$orderby', '$search', '$expand', '$top', 'x'), value)
      .map((pair) => pair.join('=')),
    value.map((text) => `$filter=displayName%20eq%20'${text}'`),
    value.map((text) => `$filter=contains(displayName,'${text}')%20or%20id%20eq%20'1'`),
    value.map((text) => `$search=%22displayName:${text}%22`),
    value.map((text) => `$expand=manager($filter=id%20eq%20'${text}';$select=id)`),
    value.map((text) => `startDateTime=${text}`),
  );

  it.each<Decodings>([1, 2])(
    'is another option or names another field for a service that decodes %i times',
    { tags: ['PX-5'] },
    (decodings) => {
      let accepted = 0;
      fc.assert(
        fc.property(query, (text) => {
          const options = optionsAt(`/v1.0/users?${text}`, decodings);
          if (options === undefined) return;
          accepted++;
          const names = ['$select', '$filter', '$orderby', '$search', '$expand', '$top', 'startDateTime'];
          expect(names).toEqual(expect.arrayContaining(Object.keys(options)));
          expect(Object.keys(options)).toHaveLength(text.split('&').length);
          const { $search = '', startDateTime: _text, ...rest } = options;
          const outside = Object.values(rest)
            .join(' ')
            .replaceAll(/'(?:[^']|'')*'/g, '');
          expect(outside).not.toMatch(/mail|secret|\*|\$it|@/);
          for (const [, field] of $search.matchAll(/"([^"]*?):/g)) expect(field).toBe('displayName');
        }),
        { numRuns: numRuns * 3 },
      );
      expect(accepted).toBeGreaterThan(numRuns / 20);
    },
  );
});
