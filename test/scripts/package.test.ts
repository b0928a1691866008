import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { demoDirectory } from '@entra-bff/directory';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { startGraphEmulator } from '@entra-bff/graph-emulator';
import { build as bundle } from 'esbuild';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { developmentSettings } from '../../dev/development-settings.ts';
import { findFreePort } from '../../dev/free-port.ts';
import { buildPackage } from '../../scripts/package/build-package.ts';
import { codeBlockWith } from '../support/documents.ts';
import { isWholeRun } from '../support/scale.ts';
import { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn } from '../support/world.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = (...commands: string[]) => promisify(execFile)(process.execPath, commands);
let app: string;
let installed: string;

/** An app with this package, as it is published, and what the app itself installs beside it. */
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'functions-app-'));
  installed = join(app, 'node_modules/entra-bff');
  await buildPackage(installed);
  // A copy, because another test of this process may have loaded the installed one without a host.
  await cp(join(root, 'node_modules/@azure/functions'), join(app, 'node_modules/@azure/functions'), {
    recursive: true,
    dereference: true,
  });
  const others = ['@azure/functions-extensions-base', 'cookie', '@types/node', '@types/react', 'react'];
  for (const name of others) {
    await mkdir(join(app, 'node_modules', name, '..'), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(app, 'node_modules', name));
  }
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
}, 60_000);

afterAll(() => rm(app, { recursive: true }));

/** @returns what the compiler complains about */
async function checkTypes(file: string, compilerOptions: object): Promise<string> {
  const options = { strict: true, noEmit: true, types: [], ...compilerOptions };
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: [file] }));
  return run(join(root, 'node_modules/typescript/bin/tsc'), '-p', app).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );
}

const functionsApp = {
  target: 'es2022',
  module: 'nodenext',
  types: ['node'],
  allowImportingTsExtensions: true,
};

/** As in Vite's TypeScript template, without its exceptions for imports of TypeScript files. */
const viteApp = {
  target: 'es2023',
  lib: ['ES2023', 'DOM', 'DOM.Iterable'],
  module: 'ESNext',
  moduleResolution: 'bundler',
  verbatimModuleSyntax: true,
  noUncheckedSideEffectImports: true,
};

const filesOf = (folder: string) =>
  readdir(folder, { recursive: true, withFileTypes: true }).then((entries) =>
    entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name)),
  );

describe('the files of the package', () => {
  it('are few and small, without tests, source maps, TypeScript sources and a way to this machine', async () => {
    const files = await filesOf(installed);
    expect(files.length).toBeLessThanOrEqual(40);
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(6_000_000);
    expect(files.filter((file) => /\.map$|\.test\.|(?<!\.d)\.[cm]?tsx?$/.test(file))).toEqual([]);
    for (const file of files) {
      const text = await readFile(file, 'utf8');
      expect(text.includes(root), file).toBe(false);
      expect(text, file).not.toContain('sourceMappingURL=');
    }
  });

  it('have a manifest that installs nothing and runs nothing', async () => {
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    const repository = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({
      name: 'entra-bff',
      version: repository.version,
      license: 'MIT',
      engines: { node: '>=20.20' },
      dependencies: {},
      peerDependencies: { '@azure/functions': expect.any(String), react: '>=18' },
      peerDependenciesMeta: { react: { optional: true } },
    });
    const absent = ['private', 'workspaces', 'scripts', 'devDependencies', 'optionalDependencies'];
    expect(absent.filter((name) => name in manifest)).toEqual([]);
  });

  it('name the license of every package whose code they contain', async () => {
    const text = await readFile(join(installed, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['@azure/msal-node', '@azure/data-tables', 'jose', 'zod', 'bowser']) {
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)\\n\\n\\S`, 'm'));
    }
  });

  it('declare no type of MSAL, zod, the Graph client or the table client', { tags: ['PX-16'] }, async () => {
    const files = (await filesOf(installed)).filter((file) => /\.d\.[cm]?ts$/.test(file));
    expect(files.length).toBeGreaterThan(4);
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    const imported = texts.flatMap((text) =>
      [...text.matchAll(/(?:from|import\() ?'([^.'][^']*)'/g)].map(([, name]) => name),
    );
    expect(imported.sort()).toEqual(['@azure/functions', 'react']);
  });
});

describe('the README of the package', () => {
  it('shows code that compiles', async () => {
    const text = await readFile(join(installed, 'README.md'), 'utf8');
    const [service = '', page = '', ...more] = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(
      ([, code]) => code ?? '',
    );
    expect(more).toEqual([]);
    await writeFile(join(app, 'readme-service.ts'), service);
    expect(await checkTypes('readme-service.ts', functionsApp)).toBe('');
    await writeFile(join(app, 'readme-page.ts'), page);
    expect(await checkTypes('readme-page.ts', viteApp)).toBe('');
  });
});

const functionWith = (rules: string) =>
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

describe('the package in a Functions app', () => {
  it.runIf(isWholeRun)('can be imported with its types and bundled, and runs', async () => {
    await functionWith(`access: guard({ roles: ['Manager'] })`);
    expect(await checkTypes('main.ts', functionsApp)).toBe('');
    const outfile = join(app, 'main.cjs');
    await bundle({
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
  });

  it('is the package of examples/own-function/main.ts, which is built by the command of the guide', async () => {
    await cp(join(root, 'examples/own-function'), app, { recursive: true });
    expect(await checkTypes('main.ts', functionsApp)).toBe('');
    const { text } = codeBlockWith('docs/guides/own-functions.md', 'npx esbuild');
    const [, , ...args] = text.trimEnd().split(' ');
    await promisify(execFile)(join(root, 'node_modules/.bin/esbuild'), args, { cwd: app });
    const host = await startFunctionsHost({ bundle: join(app, 'dist/main.cjs'), log: () => undefined });
    onTestFinished(() => host.close());
    const answers = ['who-am-i', 'team-card'].map((path) => fetch(`${host.origin}/api/${path}`));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([503, 503]);
  });

  it('does not compile with a function that has no `access`', { tags: ['RG-3'] }, async () => {
    await functionWith(`methods: ['GET']`);
    expect(await checkTypes('main.ts', functionsApp)).toMatch(/'access' is missing/);
  });
});

/** An app without a bundler, of which one file uses `require` and another one `import`. */
async function startMixedApp(): Promise<{ readonly browser: UserAgent }> {
  await writeFile(
    join(app, 'own.mjs'),
    `import * as imported from 'entra-bff';
    export { imported };
    export function routes(bff) {
      const { BffError, jsonResponse, signedIn } = imported;
      const need = { feature: 'profile', scopes: ['User.Read'] };
      bff.route('missing', { path: 'api/missing', access: signedIn }, () => { throw new BffError('not_found'); });
      bff.route('me', { path: 'api/me', access: signedIn }, async (_, { caller }) => {
        const me = await bff.graph.get(caller, '/me', need);
        return jsonResponse({ name: me.displayName });
      });
      bff.route('copies', { path: 'api/copies', access: signedIn }, async (_, { caller }) => {
        const copies = { spread: { ...caller }, cloned: structuredClone(caller), derived: Object.create(caller) };
        const refusals = Object.entries(copies).map(async ([name, copy]) => {
          const error = await bff.graph.get(copy, '/me', need).catch((thrown) => thrown);
          return [name, error.name + ': ' + error.message];
        });
        return jsonResponse(Object.fromEntries(await Promise.all(refusals)));
      });
    }`,
  );
  const bundlePath = join(app, 'mixed.cjs');
  await writeFile(
    bundlePath,
    `const { app } = require('@azure/functions');
    const required = require('entra-bff');
    const { imported, routes } = require('./own.mjs');
    required.startBff(app, process.env, (bff) => {
      routes(bff);
      bff.route('same', { path: 'api/same', access: required.allowAnonymous }, () =>
        required.jsonResponse(
          Object.fromEntries(Object.keys(required).map((name) => [name, required[name] === imported[name]])),
        ),
      );
    });`,
  );
  const entra = await startTestEmulator({ directory: demoDirectory });
  const graph = await startGraphEmulator({ directory: demoDirectory, entra });
  const port = await findFreePort();
  const bffOrigin = `http://localhost:${port}`;
  const addresses = { entraOrigin: entra.origin, graphOrigin: graph.origin };
  const tableConnectionString = inject('tableConnectionString');
  const env = developmentSettings({ bffOrigin, tableConnectionString, ...addresses }, {});
  const host = await startFunctionsHost({ bundle: bundlePath, port, env, appDirectory: root });
  onTestFinished(async () => {
    await host.close();
    await Promise.all([graph.close(), entra.close()]);
  });
  grantSignIn({ entra });
  return { browser: new UserAgent(host.origin) };
}

describe('an app that uses `require` and `import`', () => {
  it('has one list of callers, and every function and class once', async () => {
    const { browser } = await startMixedApp();
    await signIn(browser, { user: 'alice' });
    const read = async (path: string) => {
      const { status, body } = await browser.script('GET', path);
      return [status, JSON.parse(body)];
    };
    const [, same] = await read('/api/same');
    expect(Object.keys(same)).toContain('startBff');
    expect(Object.values(same)).not.toContain(false);
    expect(await read('/api/me')).toEqual([200, { name: 'Alice Adams' }]);
    expect(await read('/api/missing')).toEqual([404, expect.objectContaining({ code: 'not_found' })]);
    const refusal = "TypeError: Not a caller. Pass the handler's own caller object, not a copy.";
    expect(await read('/api/copies')).toEqual([200, { spread: refusal, cloned: refusal, derived: refusal }]);
  });
});

const clientImports = `
  import { BffProblem, createClient, InteractionFailed } from 'entra-bff/client';
  import { graphFetch, pnpBehavior, problemOf } from 'entra-bff/client/graph';
  import { useSession } from 'entra-bff/client/react';
`;
const writePage = (text: string) => writeFile(join(app, 'page.ts'), `${clientImports}${text}`);

describe('the client as a package', () => {
  it('can be imported with its types and bundled by a Vite app', async () => {
    await writePage(`
      const client = createClient({ interaction: 'popup' });
      export const read = async () => {
        try {
          return await client.graph('/me', { repeat: true });
        } catch (error) {
          if (error instanceof InteractionFailed && error.kind === 'canceled') return undefined;
          if (error instanceof BffProblem || error instanceof InteractionFailed) console.log(error.adminConsentUrl?.length);
          throw error;
        }
      };
      export const send: typeof fetch = graphFetch(client);
      export const connect = pnpBehavior(client);
      export const loginUrlOf = async (error: unknown) => (await problemOf(error))?.loginUrl;
      export const useName = () => {
        const { session } = useSession();
        return session?.signed_in ? session.name : undefined;
      };
    `);
    expect(await checkTypes('page.ts', viteApp)).toBe('');
    await build({
      root: app,
      logLevel: 'silent',
      build: {
        outDir: 'site',
        lib: { entry: 'page.ts', formats: ['es'], fileName: () => 'page.js' },
        rolldownOptions: { external: ['react'] },
      },
    });
    const built = await readFile(join(app, 'site/page.js'), 'utf8');
    expect(built).toContain('entra-bff:interaction');
    expect(built).toMatch(/from ?["']react["']/);
  });

  it('causes a type error for a wrong call', async () => {
    await writePage(`
      createClient({ interaction: 'iframe' });
      export const kind = (error: InteractionFailed) => error.kind === 'gone';
      export { BffProblem, graphFetch, pnpBehavior, problemOf, useSession };
    `);
    const faults = await checkTypes('page.ts', viteApp);
    expect(faults).toMatch(/page\.ts\(\d+,\d+\): error TS2322.*"iframe"/s);
    expect(faults).toMatch(/error TS2367/);
    expect(faults).not.toContain('node_modules');
  });
});
