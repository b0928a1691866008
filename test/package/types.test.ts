import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageToolsFolder } from '../../scripts/install-package-tools.ts';
import { installInto, removeFolder, root, runProgram, say } from './installation.ts';

let app: string;

const service = `
  import { app } from '@azure/functions';
  import { BffError, type Caller, guard, jsonResponse, signedIn, startBff } from 'entra-bff';
  startBff(app, process.env, (bff) => {
    bff.route('me', { path: 'api/me', access: guard({ roles: ['Staff'] }) }, async (request, { caller, log }) => {
      const wanted = request.query.kind === 'query' ? request.query.query.get('wanted') : undefined;
      if (wanted === 'nothing') throw new BffError('not_found', { detail: 'Nothing.' });
      const me = await bff.graph.get(caller, '/me', { feature: 'profile', scopes: ['User.Read'], log });
      const user: Caller['user'] = caller.user;
      return jsonResponse({ name: me['displayName'], user });
    });
    bff.route('you', { path: 'api/you', access: signedIn }, (_request, { caller }) => jsonResponse(caller.name));
  });
`;

const page = `
  import { BffProblem, createClient, InteractionFailed, type Session } from 'entra-bff/client';
  import { graphClientMiddleware, graphFetch, pnpBehavior, problemOf, problemsOf } from 'entra-bff/client/graph';
  import { BffProvider, useSession } from 'entra-bff/client/react';
  const client = createClient({ interaction: 'popup', ifBlocked: 'wait' });
  client.onSessionChange((event) => console.log(event.type === 'expiring' ? event.secondsLeft : event.session.login_url));
  export async function read(): Promise<Session> {
    try {
      for await (const { value } of client.pages('/me/messages')) console.log(value.length);
      await client.graph('/me', { repeat: true, method: 'GET' });
    } catch (error) {
      if (error instanceof InteractionFailed && error.kind === 'canceled') return client.session();
      if (error instanceof BffProblem) console.log(error.loginUrl, error.scopes.length);
      const problem = await problemOf(error);
      if (problem) await client.interact(problem);
    }
    return client.session();
  }
  export const others = [graphFetch(client), graphClientMiddleware(client), pnpBehavior(client), problemsOf];
  export const react = [BffProvider, useSession];
`;

/** Compilers by the folder of their package. */
const compilers = [
  { name: 'TypeScript 7', folder: join(root, 'node_modules/typescript') },
  { name: 'TypeScript 6', folder: join(packageToolsFolder, 'node_modules/typescript') },
];

beforeAll(async () => {
  app = await installInto('types', [
    '@azure/functions@4.16.5',
    '@types/node@24.19.2',
    'react@19.3.1',
    '@types/react@19.3.0',
  ]);
  for (const [name, text] of Object.entries({ service, page })) {
    for (const extension of ['ts', 'mts', 'cts']) await writeFile(join(app, `${name}.${extension}`), text);
  }
}, 180_000);
afterAll(() => removeFolder(app));

/** @returns what the compiler complains about */
async function check(compiler: string, file: string, options: object): Promise<string> {
  const compilerOptions = { noEmit: true, target: 'es2022', types: [], ...options };
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
  say(`tsc ${file} ${JSON.stringify(options)}`);
  const { out } = await runProgram([process.execPath, join(compiler, 'bin/tsc'), '-p', app], { cwd: app });
  return out;
}

const strictest = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
};

describe.each(compilers)('the types with $name', ({ name, folder }) => {
  it.each([
    ['service.mts', 'an ES module', { module: 'nodenext', ...strictest }],
    ['service.cts', 'a CommonJS module', { module: 'nodenext', strict: true }],
    ['service.ts', 'an app without strict checks', { module: 'node16', strict: false }],
    ['service.ts', 'a bundled app', { module: 'esnext', moduleResolution: 'bundler', strict: true }],
  ])('fit a Functions app: %s as %s', async (file, _, options) => {
    // `@azure/functions` mentions types of Node.js that its own declarations do not import.
    expect(await check(folder, file, { types: ['node'], ...options })).toBe('');
  });

  it.each([
    ['page.mts', 'an ES module', { module: 'nodenext', ...strictest }],
    ['page.ts', 'a bundled app', { module: 'esnext', moduleResolution: 'bundler', strict: true }],
    [
      'page.ts',
      'an old app without strict checks',
      {
        module: 'esnext',
        moduleResolution: 'bundler',
        strict: false,
        target: 'es2020',
        lib: ['es2020', 'dom'],
      },
    ],
  ])('fit a frontend: %s as %s', async (file, _, options) => {
    const lib = ['es2022', 'dom', 'dom.iterable'];
    expect(await check(folder, file, { lib, jsx: 'react-jsx', ...options })).toBe('');
  });

  it.runIf(name === 'TypeScript 6')(
    'fit the template of Azure Functions, whose modules are found in the old way',
    async () => {
      const template = { module: 'commonjs', moduleResolution: 'node10', target: 'es6', strict: false };
      // The compiler announces the end of this way.
      const options = { ...template, lib: ['es2020'], types: ['node'], ignoreDeprecations: '6.0' };
      expect(await check(folder, 'service.ts', options)).toBe('');
    },
  );
});
