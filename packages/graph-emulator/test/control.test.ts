import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { demoDirectory, demoUsers } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { callerOf } from './caller.ts';

let entra: EntraEmulator;
let graph: GraphEmulator;
let alice: ReturnType<typeof callerOf>;

beforeAll(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
  alice = callerOf({ entra, graph }, demoUsers.alice, 'User.Read Mail.ReadWrite Files.ReadWrite');
});
afterAll(() => Promise.all([entra.close(), graph.close()]));

const endpoint = (emulator: string, name: string) =>
  `${emulator === 'Entra' ? entra.origin : graph.origin}/_emulator/${name}`;

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: unknown;
}

/** Sends a request with exactly these headers. `fetch` would add and refuse some. */
function send(
  method: string,
  url: string,
  body?: string,
  headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request(url, { method, headers: { ...length, ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const body: unknown = /^[{[]/.test(text) ? JSON.parse(text) : text;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

beforeEach(async () => {
  for (const emulator of ['Entra', 'Graph'])
    expect(await send('POST', endpoint(emulator, 'reset'), '{}')).toMatchObject({ status: 204 });
});

describe.each(['Entra', 'Graph'])('the control API of the %s emulator', (emulator) => {
  const url = (name: string) => endpoint(emulator, name);
  const switches = async () => (await send('GET', url('switches'))).body;

  it('shows the switches, and a PUT replaces all of them', async () => {
    const off = await switches();
    expect(off).toMatchObject({ slowMs: 0 });
    const { status, body } = await send('PUT', url('switches'), '{"slowMs":5}');
    expect([status, body]).toEqual([200, { ...Object(off), slowMs: 5 }]);
    expect(await switches()).toEqual(body);
    expect(emulator === 'Entra' ? entra.switches.slowMs : graph.switches.slowMs).toBe(5);
    expect((await send('PUT', url('switches'), '{}')).body).toEqual(off);
  });

  it('is allowed to programs, to its own pages, and to an address that the user types', async () => {
    const host = new URL(url('')).host;
    for (const headers of [
      {},
      { host: `localhost:${new URL(url('')).port}` },
      { host: '[::1]:7072' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-origin', origin: `http://${host}` },
    ])
      expect(await send('GET', url('switches'), undefined, headers)).toMatchObject({ status: 200 });
  });

  it('never allows another origin to read, and forbids storing', async () => {
    const { headers } = await send('GET', url('requests'));
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
  });

  it('is reached at 127.0.0.1 only, not at any other address of this computer', async () => {
    const { port } = new URL(url(''));
    // On Linux, all of 127.0.0.0/8 leads to this computer. On other systems, only 127.0.0.1 exists.
    const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all);
    const others = [
      '127.0.0.2',
      ...addresses.filter(({ internal }) => !internal).map(({ address }) => address),
    ];
    for (const address of others) {
      const host = address.includes(':') ? `[${address}]` : address;
      const answer = send('GET', `http://${host}:${port}/_emulator/requests`);
      await expect(answer, address).rejects.toMatchObject({ code: expect.stringMatching(/^E/) });
    }
  });

  describe('refuses', () => {
    const before = { slowMs: 0 };
    const endpoints = ['switches', 'requests', 'reset', 'actions', 'sign-in', 'unknown'];

    it.each<[circumstance: string, headers: Record<string, string>]>([
      ['a host name that was rebound to this computer', { host: 'evil.example' }],
      ['a host name that begins like a loopback name', { host: 'localhost.evil.example' }],
      ['a host name that ends like a loopback name', { host: 'evil-localhost' }],
      ['another address of this computer', { host: '192.168.1.2:7072' }],
      ['a page of the web', { origin: 'https://evil.example' }],
      ['a page of another port', { origin: 'http://localhost:5173' }],
      ['a page of the same port under another name', { origin: 'http://evil.example:7072' }],
      ['a page without an origin', { origin: 'null' }],
      ['an empty origin', { origin: '' }],
      ['a request of a page of another site', { 'sec-fetch-site': 'cross-site' }],
      ['a request of a page of the same site', { 'sec-fetch-site': 'same-site' }],
      ['a fetch-metadata value that does not exist', { 'sec-fetch-site': 'Same-Origin' }],
    ])('%s, at every endpoint', async (_circumstance, headers) => {
      for (const name of endpoints) {
        for (const method of ['GET', 'PUT', 'POST', 'OPTIONS', 'HEAD']) {
          const all = { 'content-type': 'application/json', ...headers };
          const answer = await send(method, url(name), method === 'GET' ? undefined : '{"slowMs":9}', all);
          expect([name, method, answer.status]).toEqual([name, method, 403]);
        }
      }
      expect(await switches()).toMatchObject(before);
    });

    it.each([
      ['without a type', {}],
      ['of a form', { 'content-type': 'application/x-www-form-urlencoded' }],
      ['of plain text', { 'content-type': 'text/plain' }],
      ['that only begins like JSON', { 'content-type': 'application/json-seq' }],
      ['that hides JSON in a parameter', { 'content-type': 'text/plain; x=application/json' }],
    ])('a body %s, with 415', async (_circumstance, headers) => {
      for (const [method, name] of [
        ['PUT', 'switches'],
        ['POST', 'reset'],
        ['POST', 'actions'],
      ] as const)
        expect(await send(method, url(name), '{"slowMs":9}', headers)).toMatchObject({ status: 415 });
      expect(await switches()).toMatchObject(before);
    });

    it.each([
      ['what is no JSON', '{'],
      ['an empty body', ''],
      ['a list', '[]'],
      ['null', 'null'],
      ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1')],
    ])('%s as switches, with 400', async (_circumstance, body) => {
      expect(await send('PUT', url('switches'), body)).toMatchObject({ status: 400 });
    });

    it('an unknown switch, with all names and a suggestion, and changes none', async () => {
      const { status, body } = await send('PUT', url('switches'), '{"slowMs":9,"slowMS":9}');
      expect([status, body]).toMatchObject([
        400,
        { error: 'There is no switch "slowMS". Did you mean "slowMs"?' },
      ]);
      expect(body).toHaveProperty('switches', Object.keys(Object(await switches())));
      expect(await switches()).toMatchObject(before);
    });

    it.each([
      ['a text as a number', '{"slowMs":"9"}'],
      ['a negative number', '{"slowMs":-1}'],
      ['a fraction', '{"slowMs":0.5}'],
      ['a number that is too large', '{"slowMs":1e15}'],
      ['null', '{"slowMs":null}'],
      ['the prototype', '{"__proto__":{"slowMs":1}}'],
    ])('%s as the value of a switch', async (_circumstance, body) => {
      expect(await send('PUT', url('switches'), body)).toMatchObject({ status: 400 });
      expect(await switches()).toMatchObject(before);
    });

    it('another method with 405, and an unknown endpoint with the list of endpoints', async () => {
      expect(await send('POST', url('switches'), '{}')).toMatchObject({
        status: 405,
        headers: { allow: 'GET, PUT' },
      });
      expect(await send('GET', url('toString'))).toMatchObject({ status: 404 });
      expect((await send('GET', url('swiches'))).body).toHaveProperty(
        'endpoints',
        expect.arrayContaining(['switches']),
      );
    });

    it('an unknown action with the list of actions, an unknown user, and an unknown member', async () => {
      const known = emulator === 'Entra' ? 'block-user' : 'revoke-tokens';
      const refused = async (body: object) => {
        const { status, body: answer } = await send('POST', url('actions'), JSON.stringify(body));
        expect(status).toBe(400);
        return answer;
      };
      expect(await refused({ action: `${known}s` })).toMatchObject({
        error: `There is no action "${known}s". Did you mean "${known}"?`,
        actions: expect.arrayContaining([known]),
      });
      expect(await refused({ action: known, user: 'alixe@contoso.example' })).toMatchObject({
        error: 'There is no user "alixe@contoso.example". Did you mean "alice@contoso.example"?',
      });
      expect(await refused({ action: known, usr: 'alice' })).toMatchObject({ members: ['action', 'user'] });
    });
  });
});

describe('the control API of the Graph emulator', () => {
  it('lists the calls with their headers and bodies', async () => {
    await alice('POST /me/messages', { subject: 'Hello' });
    const { body } = await send('GET', endpoint('Graph', 'requests'));
    expect(body).toMatchObject({
      requests: [
        {
          method: 'POST',
          target: '/v1.0/me/messages',
          headers: { authorization: expect.stringMatching(/^Bearer ey/) },
          subject: demoUsers.alice.id,
          body: '{"subject":"Hello"}',
        },
      ],
    });
  });

  it('shows switches that JSON has no number for as one that it accepts', async () => {
    graph.switches.throttledCalls = Number.POSITIVE_INFINITY;
    const { body } = await send('GET', endpoint('Graph', 'switches'));
    expect(body).toMatchObject({ throttledCalls: 1_000_000 });
    expect(await send('PUT', endpoint('Graph', 'switches'), JSON.stringify(body))).toMatchObject({
      status: 200,
      body,
    });
  });

  it('shows a body that is no text in base64', async () => {
    const bytes = Buffer.from([0, 255, 254]);
    await fetch(`${graph.origin}/v1.0/me/drive/root:/x:/content`, { method: 'PUT', body: bytes });
    const { body } = await send('GET', endpoint('Graph', 'requests'));
    expect(body).toMatchObject({ requests: [{ bodyBase64: bytes.toString('base64') }] });
  });

  it('revokes the tokens of one user, or of all, until the revocations are cleared', async () => {
    const act = (body: object) => send('POST', endpoint('Graph', 'actions'), JSON.stringify(body));
    const status = async () => (await alice('GET /me')).status;
    expect(await act({ action: 'revoke-tokens', user: 'ben' })).toMatchObject({ status: 204 });
    expect(await status()).toBe(200);
    await act({ action: 'revoke-tokens', user: 'alice' });
    expect(await status()).toBe(401);
    await act({ action: 'clear-revocations' });
    expect(await status()).toBe(200);
    await act({ action: 'revoke-tokens' });
    expect(await status()).toBe(401);
  });

  it('resets switches, revocations, requests and everything that callers have changed', async () => {
    const namesOf = async (path: string, name: string) =>
      (await alice(`GET ${path}`)).body.value?.map((item) => item[name]);
    const mail = await namesOf('/me/messages', 'subject');
    const files = await namesOf('/me/drive/root/children', 'name');
    await alice('POST /me/messages', { subject: 'Hello' });
    await alice('POST /me/drive/root/children', { name: 'New', folder: {} });
    graph.switches.unavailable = true;
    graph.revokeTokens();
    expect(await send('POST', endpoint('Graph', 'reset'), '{}')).toMatchObject({ status: 204 });
    expect(graph.requests).toEqual([]);
    expect(await namesOf('/me/messages', 'subject')).toEqual(mail);
    expect(await namesOf('/me/drive/root/children', 'name')).toEqual(files);
  });

  it('refuses a token of changes from before a reset, as after a start', async () => {
    const first = await alice('GET /me/drive/root/delta');
    const link = String(first.body['@odata.deltaLink']);
    await send('POST', endpoint('Graph', 'reset'), '{}');
    expect(await alice(`GET ${link}`)).toMatchObject({ status: 410 });
  });
});
