import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startFunctionsHost } from '../src/host.ts';
import { bundleFixture, hostOf, send } from '../testing/fixture.ts';

describe('startFunctionsHost', () => {
  it('serves a function on localhost', async () => {
    const host = await hostOf(`app.http('hello', { route: 'api/hello', handler: () => ({ body: 'hi' }) })`);
    const answer = await fetch(`${host.origin}/api/hello`);
    expect([answer.status, await answer.text()]).toEqual([200, 'hi']);
  });

  it('lists the registered functions', async () => {
    const host = await hostOf(`
      app.timer('sweep', { schedule: '0 */10 * * * *', handler: () => {} });
      app.get('hello', { route: 'api/hello', handler: () => ({}) });
    `);
    expect(host.functions).toEqual([
      { name: 'hello', route: 'api/hello', methods: ['GET'], type: 'http' },
      { name: 'sweep', type: 'timer' },
    ]);
  });

  it('loads a new instance of the bundle for every host, so that two workers share nothing', async () => {
    const bundle = await bundleFixture(`
      let calls = 0;
      app.get('count', () => ({ body: String(++calls) }));
    `);
    const [one, other] = await Promise.all([startFunctionsHost({ bundle }), startFunctionsHost({ bundle })]);
    const counts = [];
    for (const host of [one, one, other]) counts.push((await send(host, '/count')).text);
    expect(counts).toEqual(['1', '2', '1']);
    await Promise.all([one.close(), other.close()]);
  });

  it('does so for an app of several files, which share one `@azure/functions`', async () => {
    const folder = fileURLToPath(new URL('../../../.build/several-files', import.meta.url));
    await mkdir(folder, { recursive: true });
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(
      join(folder, 'count.cjs'),
      `const { app } = require('@azure/functions');
       let calls = 0;
       app.get('count', () => ({ body: String(++calls) }));`,
    );
    const bundle = join(folder, 'main.cjs');
    await writeFile(
      bundle,
      `const { app } = require('@azure/functions');
       require('./count.cjs');
       app.get('main', () => ({ body: 'main' }));`,
    );
    const hosts = [await startFunctionsHost({ bundle }), await startFunctionsHost({ bundle })];
    const texts = [];
    for (const host of hosts) {
      for (const path of ['/count', '/main']) texts.push((await send(host, path)).text);
      await host.close();
    }
    expect(texts).toEqual(['1', 'main', '1', 'main']);
  });

  it('sets the given environment only while the app starts', async () => {
    const host = await hostOf(
      `const atLoad = process.env.FIXTURE_SETTING;
       let atStart;
       app.hook.appStart(() => { atStart = process.env.FIXTURE_SETTING });
       app.get('env', () => ({ jsonBody: [atLoad, atStart, process.env.FIXTURE_SETTING ?? 'gone'] }));`,
      { env: { FIXTURE_SETTING: 'set' } },
    );
    expect(JSON.parse((await send(host, '/env')).text)).toEqual(['set', 'set', 'gone']);
    expect(process.env['FIXTURE_SETTING']).toBeUndefined();
  });

  it('passes the exports to prepare before the appStart hooks run', async () => {
    const host = await hostOf(
      `export const order = [];
       app.hook.appStart(() => { order.push('appStart') });
       app.get('order', () => ({ jsonBody: order }));`,
      { prepare: (exports) => void (exports as { order: string[] }).order.push('prepare') },
    );
    expect(JSON.parse((await send(host, '/order')).text)).toEqual(['prepare', 'appStart']);
  });

  it('lets the frontend handle requests first', async () => {
    const host = await hostOf(`app.get('page', () => ({ body: 'function' }))`, {
      frontend: (request, response) => {
        if (request.url !== '/page?static') return false;
        response.end('static');
        return true;
      },
    });
    expect((await send(host, '/page?static')).text).toBe('static');
    expect((await send(host, '/page')).text).toBe('function');
  });

  it('frees its port when closed, even with a request still open', async () => {
    const bundle = await bundleFixture(`
      app.get('slow', () => { globalThis.fixtureSlowCalled?.(); return new Promise(() => {}) });
    `);
    const host = await startFunctionsHost({ bundle });
    const called = new Promise<void>((resolve) => Object.assign(globalThis, { fixtureSlowCalled: resolve }));
    const open = send(host, '/slow').catch(() => 'destroyed');
    await called;
    await host.close();
    expect(await open).toBe('destroyed');
    const next = await startFunctionsHost({ bundle, port: host.port });
    expect(next.port).toBe(host.port);
    await next.close();
  });

  it.each([
    ['throws while it loads', `throw new Error('broken')`, 'broken'],
    [
      'registers two functions with one name',
      `app.get('one', () => ({})); app.get('one', () => ({}));`,
      'A function with id "one" has already been registered.',
    ],
  ])('has no functions and logs nothing if the app %s', async (_what, source, message) => {
    const lines: unknown[] = [];
    const host = await hostOf(source, { log: (line) => lines.push(line) });
    expect(host.functions).toEqual([]);
    expect((await send(host, '/one')).status).toBe(404);
    expect(lines).toEqual([]);
    expect(host.loadError?.message).toMatch(/^Worker was unable to load entry point "[\w-]+\.cjs": /);
    expect(host.loadError?.message.endsWith(message)).toBe(true);
  });

  describe('refuses', () => {
    it('to start when an appStart hook throws', async () => {
      const bundle = await bundleFixture(`
        app.hook.appStart(() => { throw new Error('no storage') });
        app.get('hello', () => ({}));
      `);
      await expect(startFunctionsHost({ bundle })).rejects.toThrow('no storage');
    });

    it('functions that are registered after the start', async () => {
      const host = await hostOf(`app.get('late', () => { app.get('later', () => ({})); return {} })`);
      expect((await send(host, '/late')).status).toBe(500);
    });

    it('an app that enables HTTP streaming', async () => {
      const bundle = await bundleFixture(
        `app.setup({ enableHttpStream: true }); app.get('one', () => ({}));`,
      );
      await expect(startFunctionsHost({ bundle })).rejects.toThrow('streaming');
    });

    it('an unsupported trigger', async () => {
      const bundle = await bundleFixture(`app.warmup('warm', { handler: () => {} });`);
      await expect(startFunctionsHost({ bundle })).rejects.toThrow('warmuptrigger');
    });
  });
});
