import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usableSettings } from '../support/usable-settings.ts';
import { installInto, nodes, removeFolder, root, runProgram, runsService, say } from './installation.ts';

let app: string;
let serve: string;

/** The same app in both module systems. No bundler has touched it. */
const apps: Readonly<Record<string, string>> = {
  'main.cjs': `
    const { app } = require('@azure/functions');
    const { allowAnonymous, jsonResponse, startBff } = require('entra-bff');`,
  'main.mjs': `
    import { app } from '@azure/functions';
    import { allowAnonymous, jsonResponse, startBff } from 'entra-bff';`,
};
const ownFunction = `
  startBff(app, process.env, (bff) => {
    bff.route('hello', { path: 'api/hello', access: allowAnonymous }, () => jsonResponse({ hello: 'you' }));
  });`;

beforeAll(async () => {
  app = await installInto('functions-app', ['@azure/functions@4.16.5']);
  await copyFile(join(root, 'host.json'), join(app, 'host.json'));
  for (const [name, imports] of Object.entries(apps)) await writeFile(join(app, name), imports + ownFunction);
  serve = join(app, 'serve.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/package/serve.ts'],
    outfile: serve,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'silent',
  });
}, 180_000);
afterAll(() => removeFolder(app));

const paths = ['/api/health/live', '/api/hello', '/api/auth/client.js'];

describe.each(nodes)('the service in an app on Node $version', (node) => {
  it.each(Object.keys(apps))('starts from %s', async (main) => {
    say(`node ${node.version} ${main}`);
    const command = [node.path, serve, join(app, main), ...paths];
    const { exitCode, out, err } = await runProgram(command, { cwd: app, env: usableSettings });
    expect(exitCode, err).toBe(0);
    // The log of the cold start comes first.
    const answers = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    if (runsService(node)) {
      expect(answers).toEqual({
        '/api/health/live': [200, expect.any(String)],
        '/api/hello': [200, '{"hello":"you"}'],
        '/api/auth/client.js': [200, expect.any(String)],
      });
    } else {
      for (const path of paths) {
        expect(answers[path]).toEqual([503, expect.stringContaining(':configuration_invalid')]);
      }
      expect(err).toContain('Node.js is older than 22.15');
    }
  });
});
