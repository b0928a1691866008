import { readFileSync } from 'node:fs';
import type { RecordedRequest } from '@entra-bff/graph-emulator';
import fc from 'fast-check';
import { readAsService, type Step } from './odata-service.ts';

const scopes = ['User.Read'];
/** The policy that the attacks try to evade. */
export const policy = {
  features: {
    profile: {
      title: 'Profile',
      signIn: true,
      rules: [
        {
          methods: ['GET'],
          path: '/v1.0/me',
          query: { $select: { fields: ['id', 'mail'] }, $top: { max: 5 } },
          scopes,
        },
        { methods: ['GET'], path: '/v1.0/me/photo/$value', scopes },
        { methods: ['GET', 'POST', 'DELETE'], path: '/v1.0/me/things/{id}', scopes },
        {
          methods: ['GET'],
          path: "/v1.0/me/reminderView(startDateTime='{start}',endDateTime='{end}')",
          scopes,
        },
        { methods: ['GET'], path: '/v1.0/me/drive/root:/{file}:/content', scopes },
      ],
    },
  },
};

const reads = ['GET', 'HEAD'];
/** The methods that the policy allows, by what the path names. Each name is in the spelling of the rule. */
const allowedMethods: Readonly<Record<string, readonly string[]>> = {
  'v1.0/me': reads,
  'v1.0/me/photo/$value': reads,
  'v1.0/me/things/{key}': [...reads, 'POST', 'DELETE'],
  'v1.0/me/reminderView(startDateTime,endDateTime)': reads,
  'v1.0/me/drive/root/{file}/content': reads,
};

/** What a path names, without what a caller may choose. */
export const shapeOf = (steps: readonly Step[] = []): string =>
  steps
    .map((step) => {
      if (step.kind === 'call') return `${step.text}(${step.values.map(([name]) => name).join()})`;
      return step.kind === 'name' ? step.text : `{${step.kind}}`;
    })
    .join('/');

/** Decides independently of the product's code whether a request may reach Graph, however often Graph decodes. */
export function isAllowedAtGraph({ method, target }: Pick<RecordedRequest, 'method' | 'target'>): boolean {
  const [rawPath = '', query, ...more] = target.split('?');
  if (more.length > 0 || !/^[!-~]*$/.test(target) || target.includes('#')) return false;
  // Decoding must not leave anything to decode.
  if (/%(?:[0-9a-f]{2}|u[0-9a-f]{4})/i.test(decodeURIComponent(rawPath))) return false;
  if (query !== undefined && (rawPath !== '/v1.0/me' || !isAllowedQuery(query))) return false;
  return ([1, 2] as const).every((decodings) => {
    const methods = allowedMethods[shapeOf(readAsService(rawPath, decodings)?.steps)];
    return methods?.includes(method) === true;
  });
}

function isAllowedQuery(query: string): boolean {
  // Also holds for a Graph that decodes and splits once more.
  const decoded = [...new URLSearchParams(query)].map(([name, value]) => `${name}=${value}`).join('&');
  if (decoded !== query && !isAllowedQuery(decoded)) return false;
  const options = [...new URLSearchParams(query)];
  const names = options.map(([name]) => name);
  return (
    new Set(names).size === names.length &&
    options.every(
      ([name, value]) =>
        (name === '$select' && /^(?:id|mail)(?:, *(?:id|mail))*$/.test(value)) ||
        (name === '$top' && /^0*[0-5]$/.test(value)),
    )
  );
}

export interface Attack {
  readonly method: string;
  /** The request target, as bytes in UTF-8. */
  readonly target: string;
  readonly headers?: readonly string[];
}

/** Request targets by their kind. `{evil}` stands for a server of the attacker. */
export const corpus: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(new URL('proxy-attacks.json', import.meta.url), 'utf8'),
).attacks;

/** Random combinations of the pieces that attacks consist of. */
export function hostileAttack(evilHost: string): fc.Arbitrary<Attack> {
  const words = [
    ...[
      'v1.0',
      'beta',
      'V1.0',
      'me',
      'ME',
      'photo',
      '$value',
      '%24value',
      'things',
      't1',
      'delta',
      'secrets',
      '$batch',
    ],
    ...['root:', 'drive', 'a.txt:', 'content', 'a:', ':', "reminderView(startDateTime='a',endDateTime='b')"],
    ...[
      "reminderView(startDateTime='",
      "',endDateTime='",
      "')",
      "('x')",
      "('",
      "'",
      "''",
      '%27',
      '%27%27',
      '%28',
      '()',
      ';x=1',
      "';",
      '%23',
      '%2523',
      '%3F',
      '%EF%BC%87',
      '%E2%88%95',
      '%EF%BC%8F',
      '%E2%80%8B',
      '%CC%81',
      ',',
      '=',
      '~',
      '*',
      '@',
    ],
    ...[
      '.',
      '..',
      '%2e',
      '%2e%2e',
      '%252e%252e',
      '.%2E',
      '...',
      '%c0%ae',
      '%ff',
      '%e2%80%a5',
      '%00',
      '%0d%0a',
      '%7f',
    ],
    ...[
      '%2f',
      '%252f',
      '%5c',
      '\\',
      '%',
      '%25',
      '%2525',
      '%41',
      '%20',
      '+',
      'é',
      '\u202e',
      '．',
      '#',
      '?',
      '&',
    ],
    ...['http:', '//', '127.0.0.1', 'user:pass@', '{evil}', 'localhost', '%40', ' '],
  ];
  const segment = fc.array(fc.constantFrom(...words), { maxLength: 3 }).map((parts) => parts.join(''));
  const path = fc.oneof(
    fc.array(segment, { maxLength: 6 }).map((parts) => `/api/graph/${parts.join('/')}`),
    fc.array(segment, { maxLength: 3 }).map((parts) => `/api/graph/v1.0/me/${parts.join('/')}`),
    fc
      .array(fc.constantFrom(...words), { maxLength: 4 })
      .map((parts) => `/api/graph/v1.0/me/things/t1${parts.join('')}`),
    fc.array(segment, { maxLength: 4 }).map((parts) => parts.join('/')),
  );
  const option = fc
    .tuple(
      fc.constantFrom(
        '$select',
        '$SELECT',
        '%24select',
        'select',
        '$top',
        'top',
        '$expand',
        'access_token',
        '',
        'x',
      ),
      fc.constantFrom('=', '=', '=', '', '%3d', '=='),
      fc.constantFrom(
        'id',
        'id,mail',
        'secret',
        '*',
        '5',
        '99',
        '',
        '%00',
        '%0d%0a',
        '%ff',
        '%26$top=9',
        '%23$top=9',
        '%2526$top=9',
        '%25u0026$top=9',
        'id,%20mail',
        'id,+mail',
        'id%2500',
        "'",
        '%27%27',
        '#',
        '{evil}',
      ),
    )
    .map((parts) => parts.join(''));
  const query = fc
    .array(option, { maxLength: 3 })
    .map((options) => (options.length === 0 ? '' : `?${options.join('&')}`));
  const header = fc.constantFrom(
    'Host: {evil}',
    'X-Forwarded-Host: {evil}',
    'X-Original-URL: /api/graph/v1.0/secrets',
    'X-Rewrite-URL: /api/graph/v1.0/secrets',
    'X-HTTP-Method-Override: DELETE',
    'Authorization: Bearer theirs',
    'Authorization: Bearer',
    'Connection: close, authorization, host',
    'Content-Length: 5',
    'Content-Type: text/plain, application/json',
    'Prefer: a\u0001b',
    'X-Graph-Link: /v1.0/secrets',
    'X-Graph-Link: /v1.0/me?$expand=secrets',
    `X-Graph-Link: /v1.0/me?$skiptoken=a%2526b&bff_link=${'A'.repeat(43)}`,
    'X-Graph-Link: /v1.0/me/../secrets?bff_link=',
    'X-Graph-Link: //{evil}/v1.0/me?bff_link=',
  );
  return fc
    .record({
      method: fc.constantFrom(
        'GET',
        'GET',
        'GET',
        'HEAD',
        'POST',
        'PUT',
        'DELETE',
        'OPTIONS',
        'TRACE',
        'get',
        'PROPFIND',
      ),
      path,
      query,
      headers: fc.array(header, { maxLength: 2 }),
    })
    .map((made) => ({
      method: made.method,
      target: `${made.path}${made.query}`.replaceAll('{evil}', evilHost),
      headers: made.headers.map((line) => line.replaceAll('{evil}', evilHost)),
    }));
}
