import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bundle } from '../../scripts/build.ts';

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
  it('makes one CommonJS file that the Functions host runs, with the browser client inside', async () => {
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
  });

  it('leaves out what is not used, and requires nothing but Node and the Functions worker at run time', async () => {
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
});
