import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundle } from '../../build/bundle.ts';
import { largestParts } from '../../build/bundle-parts.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

async function bundleText(source: string): Promise<string> {
  await mkdir(join(root, '.build'), { recursive: true });
  const folder = await mkdtemp(join(root, '.build/bundle-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'entry.ts'), source);
  const outfile = join(folder, 'out.cjs');
  await bundle({ entry: join(folder, 'entry.ts'), outfile });
  return outfile;
}

describe('bundle', () => {
  it('creates one CommonJS file that the Functions host runs, including the browser client', async () => {
    const outfile = await bundleText(`
      import { app } from '@azure/functions';
      declare const __CLIENT_SOURCE__: string;
      app.get('client', () => ({ body: __CLIENT_SOURCE__ }));
    `);
    const host = await startFunctionsHost({ bundle: outfile });
    onTestFinished(() => host.close());
    const text = await (await fetch(`${host.origin}/client`)).text();
    expect(text).toBe(await readFile(join(root, '.build/client.js'), 'utf8'));
    expect(text).toMatch(/export\s*\{/);
    // The sizes in README.md and docs/guides/your-frontend.md, in kB.
    expect(text.length / 16_700).toBeCloseTo(1, 1);
    expect(gzipSync(text).length / 6_800).toBeCloseTo(1, 1);
  });

  it('omits unused code, and requires only Node and the Functions worker at run time', async () => {
    const outfile = await bundleText(`
      import { app } from '@azure/functions';
      import { SignJWT, jwtVerify } from 'jose';
      app.get('x', async () => ({ body: String(await jwtVerify('', new Uint8Array(32))) }));
    `);
    const text = await readFile(outfile, 'utf8');
    expect(text).not.toContain('class SignJWT');
    const required = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name ?? '');
    const outside = required.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
    expect(new Set(outside)).toEqual(new Set(['@azure/functions-core']));
  });

  it('keeps the names of functions for readable stack traces', async () => {
    const outfile = await bundleText(`
      function outerFunction(fail) { return [1].map(() => fail()); }
      const innerFunction = () => { throw new Error(); };
      try { outerFunction(innerFunction); } catch ({ stack }) { module.exports = stack; }
    `);
    const stack = String(createRequire(import.meta.url)(outfile));
    expect(stack).toContain('at innerFunction ');
    expect(stack).toContain('at outerFunction ');
  });
});

describe('largestParts', () => {
  it('sums the files of a package or folder, and counts a nested package separately', () => {
    const input = (bytesInOutput: number) => ({ bytesInOutput });
    const inputs = {
      'src/shared/http/endpoint.ts': input(5),
      'src/shared/http/cookies.ts': input(6),
      'src/app.ts': input(4),
      'node_modules/@azure/identity/a.js': input(30),
      'node_modules/@azure/identity/b.js': input(10),
      'node_modules/@azure/identity/node_modules/open/index.js': input(20),
    };
    const output = { inputs, bytes: 75, imports: [], exports: [] };
    expect(largestParts({ inputs: {}, outputs: { 'dist/main.cjs': output } }, 3)).toEqual([
      { name: '@azure/identity', bytes: 40 },
      { name: 'open', bytes: 20 },
      { name: 'src/shared/http', bytes: 11 },
    ]);
  });
});
