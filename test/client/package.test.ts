import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let app: string;

/** An app of Vite's TypeScript template, with this package installed from its folder. */
beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'vite-app-'));
  await mkdir(join(app, 'node_modules/@types'), { recursive: true });
  await symlink(root, join(app, 'node_modules/entra-bff'));
  for (const name of ['react', '@types/react']) {
    await symlink(join(root, 'node_modules', name), join(app, 'node_modules', name));
  }
  const compilerOptions = {
    target: 'es2023',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    module: 'ESNext',
    types: [],
    skipLibCheck: true,
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    moduleDetection: 'force',
    noEmit: true,
    strict: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    noFallthroughCasesInSwitch: true,
    noUncheckedSideEffectImports: true,
  };
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['main.ts'] }));
  await writeFile(join(app, 'package.json'), '{"type":"module"}');
});
afterAll(() => rm(app, { recursive: true }));

const write = (text: string) => writeFile(join(app, 'main.ts'), text);
const checkTypes = () =>
  promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', app]).then(
    () => '',
    ({ stdout }: { stdout: string }) => stdout,
  );

const imports = `
  import { BffProblem, createClient, InteractionFailed } from 'entra-bff/client';
  import { graphFetch, pnpBehavior, problemOf } from 'entra-bff/client/graph';
  import { useSession } from 'entra-bff/client/react';
`;

describe('the client as a package', () => {
  it('can be imported with its types and bundled by a Vite app', async () => {
    await write(`${imports}
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
    expect(await checkTypes()).toBe('');
    await build({
      root: app,
      logLevel: 'silent',
      build: {
        lib: { entry: 'main.ts', formats: ['es'], fileName: () => 'main.js' },
        rolldownOptions: { external: ['react'] },
      },
    });
    const built = await readFile(join(app, 'dist/main.js'), 'utf8');
    expect(built).toContain('entra-bff:interaction');
    expect(built).toMatch(/from ?["']react["']/);
  });

  it('causes a type error for a wrong call', async () => {
    await write(`${imports}
      createClient({ interaction: 'iframe' });
      export const kind = (error: InteractionFailed) => error.kind === 'gone';
      export { BffProblem, graphFetch, pnpBehavior, problemOf, useSession };
    `);
    const faults = await checkTypes();
    expect(faults).toMatch(/main\.ts\(\d+,\d+\): error TS2322.*"iframe"/s);
    expect(faults).toMatch(/error TS2367/);
    expect(faults).not.toContain('node_modules');
  });
});
