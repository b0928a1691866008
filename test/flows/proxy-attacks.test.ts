import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeAtHost, encodePath } from '@entra-bff/functions-host';
import type { RecordedRequest } from '@entra-bff/graph-emulator';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attack, corpus, hostileAttack, isAllowedAtGraph, policy } from '../support/proxy-attacks.ts';
import { isWholeRun } from '../support/scale.ts';
import { signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

let world: World;
/** Workers behind zero, one and two front ends that each decode the path once more than the host. */
let workers: Worker[];
let cookie: string;
let evil: Server;
let evilHits = 0;
let evilHost: string;
const folder = mkdtempSync(join(tmpdir(), 'policy-'));

beforeAll(async () => {
  world = await startWorld();
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  workers = await Promise.all(
    ([0, 1, 2] as const).map((extraDecodes) =>
      world.startWorker({ environment: { GRAPH_POLICY_FILE: policyFile }, extraDecodes }),
    ),
  );
  evil = createServer((_request, response) => {
    evilHits++;
    response.end();
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  evilHost = `127.0.0.1:${(evil.address() as AddressInfo).port}`;
  const [worker] = workers;
  if (worker === undefined) throw new Error('no worker');
  const browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  cookie = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
  world.graph.respondWith((_request, response) => void response.end('{}'));
});

afterAll(async () => {
  evil.close();
  rmSync(folder, { recursive: true });
  await world.close();
});

/** Sends a signed-in script's request byte by byte. @returns the status of every response */
function attack(worker: Worker, { method, target, headers = [] }: Attack): Promise<number[]> {
  const { hostname, port } = new URL(worker.origin);
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    'X-CSRF: 1',
    `Cookie: ${cookie}`,
    'Content-Length: 0',
    ...headers,
    'Connection: close',
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () =>
      resolve([...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))),
    );
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer to ${method} ${target}`)));
    // Not half-closed, because a host may treat that as a disconnect.
    socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'utf8');
  });
}

/** Sends an attack, and checks every request that Graph and the evil server received. */
async function observe(
  worker: Worker,
  one: Attack,
): Promise<{ statuses: number[]; sent: RecordedRequest[] }> {
  const before = world.graph.requests.length;
  const statuses = await attack(worker, one);
  const sent = world.graph.requests.slice(before);
  const shown = JSON.stringify(one);
  expect(evilHits, shown).toBe(0);
  expect(sent.length, shown).toBeLessThanOrEqual(1);
  expect(statuses.length, shown).toBeGreaterThan(0);
  for (const status of statuses)
    expect([200, 204, 400, 401, 403, 404, 405, 411, 415, 505], shown).toContain(status);
  for (const request of sent) {
    expect(isAllowedAtGraph(request), `${shown} sent ${request.target}`).toBe(true);
    const headers = request.headers.map(([name, value]) => [name.toLowerCase(), value] as const);
    const valuesOf = (wanted: string) =>
      headers.filter(([name]) => name === wanted).map(([, value]) => value);
    expect(valuesOf('authorization'), shown).toEqual([expect.stringMatching(/^Bearer ey/)]);
    expect(request.subject, shown).toBe(userId('alice'));
    expect(valuesOf('host'), shown).toEqual([new URL(world.graph.origin).host]);
  }
  return { statuses, sent };
}

const workerBehind = (extraDecodes: number): Worker => {
  const worker = workers[extraDecodes];
  if (worker === undefined) throw new Error('no such worker');
  return worker;
};

describe('allowed calls', () => {
  it.each([
    ['GET', '/v1.0/me?$select=id,mail&$top=5'],
    ['GET', '/v1.0/me/photo/$value'],
    ['DELETE', '/v1.0/me/things/t1'],
    ['GET', "/v1.0/me/reminderView(startDateTime='2026-01-01T00:00:00Z',endDateTime='2026-02-01')"],
    ['GET', '/v1.0/me/drive/root:/Menu%20(new).txt:/content'],
  ])(
    '%s %s arrive byte for byte, so that attacks do not fail for another reason',
    { tags: ['PX-3'] },
    async (method, path) => {
      for (const worker of workers) {
        const { statuses, sent } = await observe(worker, { method, target: `/api/graph${path}` });
        expect([statuses, sent.map(({ target }) => target)]).toEqual([[200], [path]]);
      }
    },
  );
});

// The unit tests run the whole corpus against the policy. Here the host, the library and the sender take part.
describe.each(isWholeRun ? [0, 1, 2] : [2])('behind %s front ends that decode', (extraDecodes) => {
  it.each(Object.entries(corpus))(
    'refuses %s: Graph receives nothing or an allowed call',
    { tags: ['PX-2', 'PX-3', 'PX-4', 'PX-5'] },
    async (_name, targets) => {
      for (const target of targets.map((text) => text.replaceAll('{evil}', evilHost))) {
        for (const method of isWholeRun ? ['GET', 'POST'] : ['GET'])
          await observe(workerBehind(extraDecodes), { method, target });
      }
    },
  );

  it('refuses random combinations of such pieces', {
    tags: ['PX-2', 'PX-3', 'PX-4', 'PX-5', 'PX-8'],
  }, async () => {
    await fc.assert(
      fc.asyncProperty(hostileAttack(evilHost), async (one) => {
        await observe(workerBehind(extraDecodes), one);
      }),
      { numRuns: isWholeRun ? 300 : 60 },
    );
  });
});

/** Without letter case, encoding, blanks between the parameters of a function, and parentheses around a word. */
const withoutSpelling = (target: string) =>
  decodeURIComponent(target)
    .toLowerCase()
    .replaceAll(', ', ',')
    .replaceAll(/\('([a-z]+)'\)/g, '/$1');

describe('without a front end that decodes', () => {
  it('sends Graph what the host passed on, except for the spelling of names', {
    tags: ['PX-3'],
  }, async () => {
    let sentAtAll = 0;
    const targets = Object.values(corpus).flat();
    for (const target of isWholeRun ? targets : targets.filter((_target, at) => at % 4 === 0)) {
      const { sent } = await observe(workerBehind(0), {
        method: 'GET',
        target: target.replaceAll('{evil}', evilHost),
      });
      const [written = ''] = target.split(/ HTTP\/1\.1\r\n|\r\n/);
      const [path = '', query] = written.split('?');
      const handedOver = `${encodePath(decodeAtHost(path))}${query === undefined ? '' : `?${query}`}`;
      for (const request of sent)
        expect(withoutSpelling(`/api/graph${request.target}`), target).toBe(withoutSpelling(handedOver));
      sentAtAll += sent.length;
    }
    // The host has repaired these paths before the service receives them, or they are keys and values with odd characters.
    expect(sentAtAll).toBeLessThan(120);
  });
});
