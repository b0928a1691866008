import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGraphPolicy } from '../../../src/shared/config/policies.ts';
import { fileOf, isAllowed, policyOf, refusalOf } from '../../support/policies.ts';

const shipped = readGraphPolicy(undefined);
const policy = policyOf(
  fileOf(
    {
      path: '/v1.0/users',
      query: {
        $select: { fields: ['id', 'displayName'] },
        $top: { max: 25 },
        $filter: { fields: ['displayName'] },
        $orderby: { fields: ['displayName'] },
        $search: { fields: ['displayName'] },
        $count: { oneOf: ['true'] },
        $expand: { navigations: { manager: { $select: { fields: ['id'] }, $top: true } } },
        $skiptoken: { maxLength: 60 },
        startDateTime: { maxLength: 60 },
      },
    },
    { path: '/v1.0/me/people', query: { $search: { maxLength: 200 }, $top: true } },
    { path: '/v1.0/me', query: { department: { oneOf: ['R&D', 'Sales'] }, $skiptoken: true } },
  ),
);
const encode = (text: string, times: number) => {
  let encoded = text;
  for (let done = 0; done < times; done++) encoded = encodeURIComponent(encoded).replaceAll("'", '%27');
  return encoded;
};

/** Reads a query as an API that decodes and splits at "&" `times` more times. */
function readAgain(query: string, times: number): (readonly [name: string, value: string])[] {
  const split = (text: string) => text.split('&').map((pair) => /^([^=]*)=?(.*)$/s.exec(pair) ?? []);
  let options = split(query).map(([, name = '', value = '']) => [lenient(name), lenient(value)] as const);
  for (let done = 0; done < times; done++) {
    options = options.flatMap(([name, value]) =>
      split(`${name}=${value}`).map(([, again = '', more = '']) => [lenient(again), lenient(more)] as const),
    );
  }
  return options;
}

/** Ignores invalid escapes, and decodes the form of old .NET parsers. */
function lenient(text: string): string {
  return text
    .replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
    .replaceAll(/%u([0-9a-f]{4})/gi, (_escape, code) => String.fromCharCode(Number.parseInt(code, 16)));
}

describe('a value that stays the same at every decoding', () => {
  it.each([
    '$filter=displayName%20eq%20%27caf%C3%A9%27',
    '$filter=displayName%20eq%20%27100%25%27',
    '$search=%22displayName:50%25%20off%22',
    '$skiptoken=RFNwdAIAAQ',
    'startDateTime=2026-01-01T00:00:00%2B01:00',
  ])('is allowed: %s', (query) => {
    expect(refusalOf(policy, `GET /v1.0/users?${query}`)).toBeUndefined();
  });

  it('is not required if the policy itself contains the value', () => {
    expect(isAllowed(policy, 'GET /v1.0/me?department=R%26D')).toBe(true);
    expect(isAllowed(policy, 'GET /v1.0/me?department=R%2526D')).toBe(false);
  });
});

describe('refuses', () => {
  it.each([
    '$filter=displayName%20eq%20%27x%2527%20or%20startswith(jobTitle,%2527C%2527)%20or%20displayName%20eq%20%2527%27',
    '$filter=displayName%20eq%20%27x%2527%26$select=jobTitle%26z=%2527%27',
    '$search=%22displayName:a%2522%20OR%20%2522mobilePhone:1%22',
  ])('queries that a second decoding changes, with the shipped policy: %s', { tags: ['PX-5'] }, (query) => {
    expect(isAllowed(shipped, `GET /v1.0/users?$select=id&${query}`)).toBe(false);
    expect(isAllowed(shipped, `GET /v1.0/users?$select=id&${query.replaceAll('%25', '%2525')}`)).toBe(false);
  });

  it.each([
    [
      '$filter=displayName%20eq%20%27x%2527%20or%20mail%20eq%20%2527%27',
      'the value of $filter has the character "%" before what could be its code',
    ],
    ['$FILTER=displayName%20eq%20%27R%26D%27', 'the value of $filter has the character "&"'],
    ['$filter=displayName%20eq%20%27R%23D%27', 'the value of $filter has the character "#"'],
    ['$expand=manager($select=%2569d)', 'the value of $expand has the character "%"'],
    ['$skiptoken=a%25u0026b', 'the value of $skiptoken has the character "%"'],
  ])('%s, and names the option and the character', { tags: ['PX-5'] }, (query, detail) => {
    expect(refusalOf(policy, `GET /v1.0/users?${query}`)).toContain(`request_invalid: Refused: ${detail}`);
  });

  it.each([
    '$skiptoken=a%26$top=900',
    '$skiptoken=a%2526$top=900',
    '$skiptoken=a%25u0026$top=900',
    '$skiptoken=a%2526%2524top=900',
    '$skiptoken=a%2526top=5',
    'startDateTime=a%26$expand=secrets',
  ])('an option after an encoded "&": %s', { tags: ['PX-5'] }, (query) => {
    expect(isAllowed(policy, `GET /v1.0/users?${query}`)).toBe(false);
  });

  it('an option after an encoded "&" in a value without bounds', { tags: ['PX-5'] }, () => {
    for (const ampersand of ['%26', '%2526', '%252526']) {
      expect(isAllowed(policy, `GET /v1.0/me/people?$top=1${ampersand}$filter=x`)).toBe(false);
      expect(isAllowed(policy, `GET /v1.0/me/people?$top=1${ampersand}$search=x`)).toBe(false);
    }
  });

  it.each([
    '$top=1&$skiptoken=a%26$top=2',
    '$top=1&$skiptoken=a%2526TOP=2',
    '$skiptoken=a%26$skiptoken=b',
    '$skiptoken=a%2526$top=1%2526$top=2',
    '$skiptoken=a%26access_token=x',
    '$skiptoken=a%2526access_token=x',
    '$skiptoken=a%26',
    '$skiptoken=a%26=b',
    '$skiptoken=a%2500',
    '$skiptoken=a%250d%250aHost:x',
    `$skiptoken=${encode('a&b', 12)}`,
  ])('a malformed query: %s', { tags: ['PX-5'] }, (query) => {
    expect(refusalOf(policy, `GET /v1.0/users?${query}`)).toMatch(/^request_invalid: /);
  });

  it('a query of escapes only, quickly', { tags: ['DO-3'] }, () => {
    const startMs = performance.now();
    expect(isAllowed(policy, `GET /v1.0/users?$skiptoken=%${'25'.repeat(2000)}26`)).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });
});

/** Decides independently of the product's code whether the rule allows this option. */
const fits: Readonly<Record<string, (value: string) => boolean>> = {
  $select: (value) => /^(?:id|displayName)(?:,(?:id|displayName))*$/.test(value),
  $top: (value) => /^0*(?:1?\d|2[0-5])$/.test(value),
  $filter: (value) => !/mail|jobTitle|[&;]/.test(value.replaceAll(/'(?:[^']|'')*'/g, '')),
  $orderby: (value) => /^displayName(?: asc| desc)?$/.test(value),
  $search: (value) => !/mail|mobilePhone/.test(value.replaceAll(/"displayName:[^":\\]+"/g, '')),
  $count: (value) => value === 'true',
  $expand: (value) => /^manager(?:\((?:[$]select=id|[$]top=[^;)]*)\))?$/.test(value),
  $skiptoken: (value) => value.length <= 60,
  startDateTime: (value) => value.length <= 60,
};

const start = fc.constantFrom(
  ...[
    'id',
    '5',
    "displayName eq 'x",
    '"displayName:x',
    'displayName',
    'true',
    'manager($top=1',
    'x',
    '',
    "'",
  ],
);
const inserted = fc.constantFrom(
  ...[
    "' or mail eq '",
    '" OR "mail:x',
    ',mail',
    ' desc,mail',
    '&$select=mail',
    '&select=mail',
    '&$select=id',
    '&$top=900',
    '&$top=3',
    "'&$filter=mail eq '",
    ';$select=mail',
    ');$top=3',
    '),secrets(',
    '&z=',
    '&',
    '%',
    '0',
    'x'.repeat(70),
    "'",
    '"',
  ],
);
const ends = fc.constantFrom("'", '"', ')', '', "')");
/** Escapes some or all characters several times. */
const escaped = fc
  .tuple(inserted, fc.nat(5), fc.boolean())
  .map(([text, times, whole]) =>
    times === 0
      ? text.replaceAll(/[^!-~]|#/g, encodeURIComponent)
      : encode(
          whole
            ? [...text]
                .map((letter) => `%${(letter.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`)
                .join('')
            : encodeURIComponent(text),
          times - 1,
        ),
  );
const option = fc
  .tuple(fc.constantFrom(...Object.keys(fits)), start, fc.array(escaped, { maxLength: 2 }), ends)
  .map(
    ([name, first, pieces, last]) =>
      `${name}=${first.replaceAll(' ', '%20').replaceAll('"', '%22')}${pieces.join('')}${last.replaceAll('"', '%22')}`,
  );

describe('an API that decodes more than once and splits again', () => {
  it('reads only options within their bounds, each once, in an allowed query', {
    tags: ['PX-5'],
  }, () => {
    let passed = 0;
    fc.assert(
      fc.property(fc.array(option, { minLength: 1, maxLength: 3 }), (options) => {
        const query = options.join('&');
        if (!isAllowed(policy, `GET /v1.0/users?${query}`)) return;
        passed++;
        for (const times of [0, 1, 2, 3, 4, 5, 6]) {
          const read = readAgain(query, times);
          const names = read.map(([name]) => name);
          expect(new Set(names).size, query).toBe(names.length);
          for (const [name, value] of read)
            expect([query, name, fits[name]?.(value)]).toEqual([query, name, true]);
        }
      }),
      { numRuns: 5000 },
    );
    expect(passed).toBeGreaterThan(100);
  });
});
