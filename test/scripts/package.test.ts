import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { codeBlockWith } from '../support/documents.ts';
import { isWholeRun } from '../support/scale.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = (...commands: string[]) => promisify(execFile)(process.execPath, commands);
let app: string;

/** A separate Functions app, with this package built and installed from its folder. */
beforeAll(async () => {
  await run(join(root, 'scripts/build.ts'));
  app = await mkdtemp(join(tmpdir(), 'functions-app-'));
  for (const folder of ['@azure', '@types', '@microsoft'])
    await mkdir(join(app, 'node_modules', folder), { recursive: true });
  await symlink(root, join(app, 'node_modules/entra-bff'));
  for (const name of ['@azure/functions', '@types/node', '@microsoft/microsoft-graph-client']) {
    await symlink(join(root, 'node_modules', name), join(app, 'node_modules', name));
  }
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  };
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
}, 60_000);

afterAll(() => rm(app, { recursive: true }));

const write = (rules: string) =>
  writeFile(
    join(app, 'main.ts'),
    `import { app } from '@azure/functions';
    import { BffError, graphStatusOf, guard, jsonResponse, signedIn, startBff } from 'entra-bff';
    startBff(app, process.env, (bff) => {
      bff.route('who-am-i', { path: 'api/who-am-i', ${rules} }, (request, { caller }) => {
        if (request.method === 'HEAD') throw new BffError('not_found');
        return jsonResponse({ name: caller.name, status: graphStatusOf(0), guard, signedIn });
      });
    });`,
  );
const checkTypes = () =>
  run(join(root, 'node_modules/typescript/bin/tsc'), '-p', app).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );

describe('the package', () => {
  it.runIf(isWholeRun)(
    'can be imported with its types and bundled by a Functions app, which runs',
    async () => {
      await write(`access: guard({ roles: ['Manager'] })`);
      expect(await checkTypes()).toBe('');
      const outfile = join(app, 'main.cjs');
      await build({
        entryPoints: [join(app, 'main.ts')],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'cjs',
        external: ['@azure/functions-core'],
        logLevel: 'silent',
      });
      const host = await startFunctionsHost({ bundle: outfile, log: () => undefined });
      onTestFinished(() => host.close());
      // Without settings, it reports them as invalid, like the app itself.
      const answer = await fetch(`${host.origin}/api/who-am-i`);
      expect([answer.status, await answer.json()]).toEqual([
        503,
        expect.objectContaining({ code: 'configuration_invalid' }),
      ]);
      // Microsoft's library alone throws at this cookie.
      const cookie = Buffer.from('name=Łukasz').toString('latin1');
      expect((await fetch(`${host.origin}/api/who-am-i`, { headers: { cookie } })).status).toBe(503);
    },
  );

  it('is the package of examples/own-function/main.ts, which is built by the command of the guide', async () => {
    await cp(join(root, 'examples/own-function'), app, { recursive: true });
    expect(await checkTypes()).toBe('');
    const { text } = codeBlockWith('docs/guides/own-functions.md', 'npx esbuild');
    const [, , ...args] = text.trimEnd().split(' ');
    await promisify(execFile)(join(root, 'node_modules/.bin/esbuild'), args, { cwd: app });
    const host = await startFunctionsHost({ bundle: join(app, 'dist/main.cjs'), log: () => undefined });
    onTestFinished(() => host.close());
    const answers = ['who-am-i', 'team-card'].map((path) => fetch(`${host.origin}/api/${path}`));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([503, 503]);
  });

  it('does not compile with a function that has no `access`', { tags: ['RG-3'] }, async () => {
    await write(`methods: ['GET']`);
    expect(await checkTypes()).toMatch(/'access' is missing/);
  });
});
