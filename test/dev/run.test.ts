import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { clientOf, demoClient, readDirectory } from '@entra-bff/directory';
import { bundleFixture } from '@entra-bff/functions-host/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { isWholeRun } from '../support/scale.ts';

type Running = {
  child: ChildProcessByStdio<null, Readable, Readable>;
  output: () => string;
  ended: Promise<unknown[]>;
};

/** Runs `npm start` in a separate process, with this app instead of the real one. */
function start(
  bundle: string,
  env: Record<string, string> = {},
  through: 'sh' | 'itself' = 'itself',
  directoryFile?: string,
): Running {
  const script = `
    import { run } from './dev/run.ts';
    await run({ build: async () => ${JSON.stringify(bundle)}, directoryFile: ${JSON.stringify(directoryFile)} });
  `;
  const node = [process.execPath, '--input-type=module-typescript', '-e', script];
  // The second command keeps the shell from replacing itself with the first one.
  const [command = '', ...words] = through === 'sh' ? ['sh', '-c', '"$@"; true', 'sh', ...node] : node;
  const child = spawn(command, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  const read = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  return { child, output: () => output, ended: once(child, 'close') };
}

const untilReady = (running: Running) =>
  vi.waitFor(() => expect(running.output()).toContain('Press Ctrl-C to stop.'), { timeout: 45_000 });

const addresses = (text: string) => text.match(/https?:\/\/[^\s)]+/g) ?? [];

const isUp = (address: string) =>
  fetch(address).then(
    () => true,
    () => false,
  );

const settingsApp = `
  const { PUBLIC_BASE_URL, ENTRA_TENANT_ID, ENTRA_CLIENT_ID, SESSION_TABLE_CONNECTION_STRING, DEV_ENTRA_ORIGIN, DEV_GRAPH_ORIGIN } = process.env;
  app.get('settings', (request, context) => {
    context.warn('settings were read\\nsecond line');
    return { jsonBody: { PUBLIC_BASE_URL, ENTRA_TENANT_ID, ENTRA_CLIENT_ID, SESSION_TABLE_CONNECTION_STRING, DEV_ENTRA_ORIGIN, DEV_GRAPH_ORIGIN } };
  });
`;

describe('npm start', () => {
  it.runIf(isWholeRun)(
    'prints the address to open first, and Ctrl-C ends every process with exit code 0, also if it arrives twice',
    async () => {
      const running = start(await bundleFixture(settingsApp));
      await untilReady(running);
      const all = await addressesOfAll(running, 0);
      expect(running.output()).toMatch(/^entra-bff is ready: http:\/\/localhost:\d+\n/);
      // npm passes on a signal that the terminal has already sent to this process.
      running.child.kill('SIGINT');
      running.child.kill('SIGINT');
      expect(await running.ended).toEqual([0, null]);
      expect(await Promise.all(all.map(isUp))).toEqual([false, false, false, false]);
    },
  );

  it('names a port that is in use, registers a server in front of it, and ends with npm even if only the shell between them gets the signal', async () => {
    // Another process may use it already.
    await occupy(7071).catch(() => undefined);
    const running = start(
      await bundleFixture(settingsApp),
      { PUBLIC_BASE_URL: 'https://localhost:8443', npm_lifecycle_event: 'start' },
      'sh',
    );
    await untilReady(running);
    expect(running.output()).toMatch(/^entra-bff is ready: https:\/\/localhost:8443\n/);
    expect(running.output()).toMatch(
      /\(port 7071 is in use\. The service uses port \d+: let your proxy point to it, or free port 7071 and start again\)\n/,
    );
    expect(running.output()).toMatch(/alice@contoso\.example .*role Admin/);
    const all = await addressesOfAll(running, 1);
    const [, entra = ''] = all;
    expect(await authorizeAt(entra, 'https://localhost:8443/api/auth/callback')).toContain('Alice Adams');
    expect(await authorizeAt(entra, 'https://localhost:8444/api/auth/callback')).toContain('AADSTS50011');
    await expect.poll(() => running.output()).toMatch(/^warning +settings settings were read$/m);
    running.child.kill('SIGTERM');
    await vi.waitFor(
      async () => expect(await Promise.all(all.map(isUp))).toEqual([false, false, false, false]),
      { timeout: 10_000 },
    );
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it.runIf(isWholeRun)(`ends with exit code 0 if ${signal} arrives while it starts`, async () => {
      const running = start(
        await bundleFixture(`console.log('loading'); app.get('x', () => ({}));
        app.hook.appStart(() => new Promise(() => {}));`),
      );
      await vi.waitFor(() => expect(running.output()).toContain('loading'), { timeout: 45_000 });
      running.child.kill(signal);
      expect(await running.ended).toEqual([0, null]);
    });
  }

  it('takes its users and the app registration from the directory file that it is given', async () => {
    const file = 'examples/testing/directory.json';
    const { tenantId, clientId } = clientOf(readDirectory(file));
    const running = start(await bundleFixture(settingsApp), {}, 'itself', file);
    await untilReady(running);
    expect(running.output()).toMatch(
      /Sign in as:\n {2}alice@contoso\.example {2}Alice Adams {2}role Admin\n {2}ben@contoso\.example .*no role\n\n/,
    );
    const [bff = ''] = addresses(running.output());
    const settings = await (await fetch(`${bff}/settings`)).json();
    expect(settings).toMatchObject({ ENTRA_TENANT_ID: tenantId, ENTRA_CLIENT_ID: clientId });
    running.child.kill('SIGINT');
    expect(await running.ended).toEqual([0, null]);
  });

  it('names every fault of a directory file, and exits with 1', async () => {
    const file = directoryFile({ tenants: [], people: [{ username: 'ada@shop.example', nam: 'Ada' }] });
    const running = start(await bundleFixture(settingsApp), {}, 'itself', file);
    expect(await running.ended).toEqual([1, null]);
    const [first, ...faults] = running.output().trimEnd().split('\n');
    expect(first).toBe(`entra-bff did not start: ${file} is not usable:`);
    expect(faults).toContain('- people[0]: "nam" is not known here; did you mean "name"?');
    expect(faults.length).toBeGreaterThan(3);
  });

  it('refuses an option that it does not have', async () => {
    const child = spawn(process.execPath, ['dev/start.ts', '--directry', 'x.json']);
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(output).toMatch(/^entra-bff did not start: .*--directry/);
  });

  it('ends with one sentence if the port that PORT names is in use', async () => {
    const port = await occupy(0);
    const running = start(await bundleFixture(settingsApp), { PORT: String(port) });
    expect(await running.ended).toEqual([1, null]);
    expect(running.output()).toBe(
      `entra-bff did not start: port ${port} is in use. Set PORT to another port, or omit it.\n`,
    );
  });

  it.runIf(isWholeRun)(
    'prints one sentence if it cannot start, stops what it has started, and exits with 1',
    async () => {
      const running = start(await bundleFixture(`throw new Error('SESSION_KEYS is not a key.');`));
      expect(await running.ended).toEqual([1, null]);
      expect(running.output()).toMatch(
        /^entra-bff did not start: Worker was unable to load entry point "[\w-]+\.cjs": SESSION_KEYS is not a key\.\n$/,
      );
    },
  );

  it.runIf(isWholeRun)('exits with 1 if the app reports that it is not ready', async () => {
    const running = start(
      await bundleFixture(`app.get('ready', { route: 'api/health/ready',
        handler: () => ({ status: 500, jsonBody: { detail: 'A setting is wrong.' } }) });`),
    );
    expect(await running.ended).toEqual([1, null]);
    expect(running.output()).toMatch(/^entra-bff did not start: .*A setting is wrong/);
  });
});

/** Writes a directory file. @returns its path */
function directoryFile(content: unknown): string {
  const path = join(mkdtempSync(join(tmpdir(), 'directory-')), 'directory.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** Listens on the port until the test ends, unless another process does so already. */
async function occupy(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void server.close());
  await Promise.race([once(server, 'listening'), once(server, 'error').catch(() => undefined)]);
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}

/** The page that Entra ID shows for a sign-in that returns to this address. */
async function authorizeAt(switchesUrl: string, redirectUri: string): Promise<string> {
  const { tenantId, clientId } = demoClient;
  const url = new URL(`/${tenantId}/oauth2/v2.0/authorize`, switchesUrl);
  url.search = String(
    new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid',
      state: 's',
      nonce: 'n',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    }),
  );
  return (await fetch(url)).text();
}

/**
 * Checks that the app knows the addresses of everything that was started.
 * @param own index of the app's own address among the printed ones
 * @returns the addresses of the app, Entra ID, Graph and the table, all of which answer
 */
async function addressesOfAll(running: Running, own: number): Promise<string[]> {
  const printed = addresses(running.output());
  const [bff = '', entra = '', graph = ''] = printed.slice(own);
  const settings = await (await fetch(`${bff}/settings`)).json();
  expect(settings).toMatchObject({
    PUBLIC_BASE_URL: printed[0],
    DEV_ENTRA_ORIGIN: new URL(entra).origin,
    DEV_GRAPH_ORIGIN: new URL(graph).origin,
  });
  const dev = await (await fetch(`${bff}/dev.json`)).json();
  expect(dev).toEqual({ entra_switches_url: entra, graph_switches_url: graph, cases_url: '/dev/cases' });
  const table = String(/TableEndpoint=([^;]+)/.exec(settings.SESSION_TABLE_CONNECTION_STRING)?.[1]);
  const all = [bff, entra, graph, table];
  expect(await Promise.all(all.map(isUp))).toEqual([true, true, true, true]);
  return all;
}
