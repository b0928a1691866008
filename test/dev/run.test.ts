import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { bundleFixture } from '@entra-bff/functions-host/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

type Running = {
  child: ChildProcessByStdio<null, Readable, Readable>;
  output: () => string;
  ended: Promise<unknown[]>;
};

/** `npm start` in a process of its own, with the given app in place of the real one. */
function start(
  bundle: string,
  env: Record<string, string> = {},
  through: 'sh' | 'itself' = 'itself',
): Running {
  const script = `
    import { run } from './dev/run.ts';
    await run({ build: async () => ${JSON.stringify(bundle)} });
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
  vi.waitFor(() => expect(running.output()).toContain('Ctrl-C stops everything'), { timeout: 45_000 });

const addresses = (text: string) => text.match(/http:\/\/[^\s)]+/g) ?? [];

const isUp = (address: string) =>
  fetch(address).then(
    () => true,
    () => false,
  );

const settingsApp = `
  const { PUBLIC_BASE_URL, ENTRA_TENANT_ID, SESSION_TABLE_CONNECTION_STRING, DEV_ENTRA_ORIGIN, DEV_GRAPH_ORIGIN } = process.env;
  app.get('settings', (request, context) => {
    context.warn('settings were read\\nsecond line');
    return { jsonBody: { PUBLIC_BASE_URL, ENTRA_TENANT_ID, SESSION_TABLE_CONNECTION_STRING, DEV_ENTRA_ORIGIN, DEV_GRAPH_ORIGIN } };
  });
`;

describe('npm start', () => {
  it('prints the address to open first; Ctrl-C, though it may arrive twice, ends every process with exit code 0', async () => {
    const running = start(await bundleFixture(settingsApp));
    await untilReady(running);
    const [bff = '', entra = '', graph = ''] = addresses(running.output());
    expect(running.output()).toMatch(/^entra-bff is ready: http:\/\/localhost:\d+\n/);
    expect(running.output()).toMatch(/alice@contoso\.example .*role Admin/);

    const settings = await (await fetch(`${bff}/settings`)).json();
    expect(settings).toMatchObject({
      PUBLIC_BASE_URL: bff,
      DEV_ENTRA_ORIGIN: new URL(entra).origin,
      DEV_GRAPH_ORIGIN: new URL(graph).origin,
    });
    const dev = await (await fetch(`${bff}/dev.json`)).json();
    expect(dev).toEqual({ entra_switches_url: entra, graph_switches_url: graph, cases_url: '/dev/cases' });
    await expect.poll(() => running.output()).toMatch(/^warning +settings settings were read$/m);

    const table = String(/TableEndpoint=([^;]+)/.exec(settings.SESSION_TABLE_CONNECTION_STRING)?.[1]);
    const all = [bff, entra, graph, table];
    expect(await Promise.all(all.map(isUp))).toEqual([true, true, true, true]);
    // npm passes on what the terminal has told this process already.
    running.child.kill('SIGINT');
    running.child.kill('SIGINT');
    expect(await running.ended).toEqual([0, null]);
    expect(await Promise.all(all.map(isUp))).toEqual([false, false, false, false]);
  });

  it('names the address of what stands in front of it first, then its own; SIGTERM ends it too', async () => {
    const running = start(await bundleFixture(settingsApp), { PUBLIC_BASE_URL: 'http://localhost:5173' });
    await untilReady(running);
    const [first, second] = addresses(running.output());
    expect(first).toBe('http://localhost:5173');
    expect(await (await fetch(`${second}/settings`)).json()).toMatchObject({ PUBLIC_BASE_URL: first });
    running.child.kill('SIGTERM');
    expect(await running.ended).toEqual([0, null]);
  });

  it('ends when npm is ended and only the shell between them is told', async () => {
    const running = start(await bundleFixture(settingsApp), { npm_lifecycle_event: 'start' }, 'sh');
    await untilReady(running);
    const [bff = ''] = addresses(running.output());
    running.child.kill('SIGTERM');
    await vi.waitFor(async () => expect(await isUp(bff)).toBe(false), { timeout: 10_000 });
  });

  it('ends with exit code 0 when the signal comes while it starts', async () => {
    const running = start(
      await bundleFixture(`console.log('loading'); app.get('x', () => ({}));
      app.hook.appStart(() => new Promise(() => {}));`),
    );
    await vi.waitFor(() => expect(running.output()).toContain('loading'), { timeout: 45_000 });
    running.child.kill('SIGINT');
    expect(await running.ended).toEqual([0, null]);
  });

  it('says in one sentence why it cannot start, stops what it started, and exits with 1', async () => {
    const running = start(await bundleFixture(`throw new Error('SESSION_KEYS is not a key.');`));
    expect(await running.ended).toEqual([1, null]);
    expect(running.output()).toBe('entra-bff did not start: SESSION_KEYS is not a key.\n');
  });

  it('does not count an app as started that says it is not ready', async () => {
    const running = start(
      await bundleFixture(`app.get('ready', { route: 'api/health/ready',
        handler: () => ({ status: 500, jsonBody: { detail: 'A setting is wrong.' } }) });`),
    );
    expect(await running.ended).toEqual([1, null]);
    expect(running.output()).toMatch(/^entra-bff did not start: .*A setting is wrong/);
  });
});
