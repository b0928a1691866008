import { corpus } from './proxy-attacks.ts';

/** A request of a batch, as JSON text without its id and `dependsOn`. */
type PartText = string;

/** Two requests that the attacks' policy allows, as a caller writes them and as Graph must receive them. */
export const goodParts: readonly (readonly [written: PartText, sent: PartText])[] = [
  [
    '"method":"GET","url":"me?$select=id,mail&$top=5","headers":{"Authorization":"Bearer theirs","Accept":"application/json"}',
    '"method":"GET","url":"/me?$select=id,mail&$top=5","headers":{"accept":"application/json"}',
  ],
  [
    '"method":"POST","url":"/me/things/t1","headers":{"Content-Type":"application/json"},"body":{"n":12345678901234567890.10, "s":"\\u00e4"}',
    '"method":"POST","url":"/me/things/t1","headers":{"content-type":"application/json"},"body":{"n":12345678901234567890.10, "s":"\\u00e4"}',
  ],
];

const part = (members: object): PartText => JSON.stringify(members).slice(1, -1);
const withUrl = (url: string, method = 'GET') => part({ method, url });

/** Requests of a batch that must not reach Graph as they are, by kind. `{evil}` stands for a server of the attacker. */
export const hostileParts: Readonly<Record<string, readonly PartText[]>> = {
  ...Object.fromEntries(
    Object.entries(corpus).map(([kind, targets]) => [
      `${kind}, in the address`,
      targets.flatMap((target) => {
        const [written = ''] = target.split(/ HTTP\/1\.1\r\n|\r\n/);
        const relative = written.replace(/^\/api\/graph/i, '');
        // Relative to the version, and out of it.
        return [relative.replace(/^\/v1\.0/i, ''), `/..${relative}`, target].map((url) => withUrl(url));
      }),
    ]),
  ),
  'other hosts': [
    'https://{evil}/v1.0/me',
    'HTTP://{evil}/me',
    '//{evil}/me',
    '/\\{evil}/me',
    '@{evil}/me',
    ':80@{evil}/me',
    'https://graph.microsoft.com/v1.0/me',
  ].map((url) => withUrl(url)),
  'other calls': [
    withUrl('/users'),
    withUrl('/me', 'DELETE'),
    withUrl('/me', 'get'),
    withUrl('/me', 'GET\r\nX: y'),
    withUrl('/me', 'TRACE'),
    withUrl('/me?$expand=manager'),
    withUrl('/beta/me'),
  ],
  'a batch in the batch': ['/$batch', '$batch', '/$BATCH', '/%24batch', '/me/$batch'].map((url) =>
    part({ method: 'POST', url, body: { requests: [{ id: '1', method: 'GET', url: '/users' }] } }),
  ),
  headers: [
    { Prefer: 'redeemSharingLink' },
    { Prefer: 'respond-async' },
    { 'Workbook-Session-Id': 'cluster=1' },
    { Accept: 'a\r\nAuthorization: Bearer x' },
    { Accept: 'ä' },
    { Accept: 1 },
    { 'If-Match': 'a', 'if-match': 'b' },
    { 'X-Graph-Link': '/v1.0/me?$top=5' },
    { 'x-graph-link': '' },
  ].map((headers) => part({ method: 'GET', url: '/me', headers })),
  bodies: [
    part({ method: 'POST', url: '/me/things/t1', body: [] }),
    part({ method: 'POST', url: '/me/things/t1', body: 'e30=' }),
    part({
      method: 'POST',
      url: '/me/things/t1',
      body: 'PGI+',
      headers: { 'Content-Type': 'text/html' },
    }),
    part({
      method: 'POST',
      url: '/me/things/t1',
      body: {},
      headers: { 'Content-Type': 'application/json, text/html' },
    }),
  ],
  members: [
    part({ method: 'GET', url: '/me', atomicityGroup: 'g' }),
    part({ method: 'GET', url: '/me', if: 'x' }),
    part({ method: 'GET', url: '/me', Url: '/users' }),
    part({ method: 'GET', url: '/me', '@entra-bff.answered': false }),
    part({ method: 'GET', url: '/me', status: 200 }),
    part({ method: 'GET' }),
    part({ url: '/me' }),
  ],
};

/** A batch with one hostile part, and what must become of its other parts. */
export interface HostileBatch {
  readonly text: string;
  readonly hostileId: string;
  /** The ids of the good parts that must arrive, in order, with their text. */
  readonly good: readonly (readonly [id: string, sent: PartText])[];
  /** The ids of the parts that depend on the hostile one. */
  readonly dependants: readonly string[];
}

const [[first, firstSent] = ['', ''], [second, secondSent] = ['', '']] = goodParts;
const goodOne = ['1', firstSent] as const;
const goodTwo = ['2', secondSent] as const;

/** The hostile part alone, beside good parts, and with parts that depend on it, directly and indirectly. */
export function placements(hostile: PartText): readonly HostileBatch[] {
  const write = (id: string, text: PartText, dependsOn?: string) =>
    `{"id":"${id}",${text}${dependsOn === undefined ? '' : `,"dependsOn":["${dependsOn}"]`}}`;
  const batch = (
    requests: readonly string[],
    good: HostileBatch['good'],
    dependants: readonly string[] = [],
  ): HostileBatch => ({ text: `{"requests":[${requests.join(',')}]}`, hostileId: 'bad', good, dependants });
  const [one, two, bad] = [write('1', first), write('2', second), write('bad', hostile)];
  return [
    batch([bad], []),
    batch([bad, one, two], [goodOne, goodTwo]),
    batch([one, bad, two], [goodOne, goodTwo]),
    batch([one, two, bad], [goodOne, goodTwo]),
    batch([one, write('bad', hostile, '1')], [goodOne]),
    batch([bad, write('d1', first, 'bad'), write('d2', second, 'd1')], [], ['d1', 'd2']),
    batch([one, write('bad', hostile, '1'), write('d1', second, 'bad')], [goodOne], ['d1']),
    batch([bad, one, write('d1', second, 'bad'), write('d2', first, 'bad')], [goodOne], ['d1', 'd2']),
  ];
}
