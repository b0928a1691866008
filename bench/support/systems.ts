import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundle } from '../../build/bundle.ts';

export interface System {
  readonly name: string;
  readonly module: string;
  readonly parameters: readonly string[];
  /** Also in `--quick`. */
  readonly isQuick: boolean;
  readonly title: string;
}

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const appFile = (name: string) => fromRoot(`.build/bench/${name}.cjs`);

const inFrame = (name: string, title: string, ...parameters: string[]): System => ({
  name,
  module: 'systems/functions.ts',
  parameters: [appFile(name), ...parameters],
  isQuick: true,
  title,
});

const alone = (name: string, module: string, title: string, isQuick = false): System => ({
  name,
  module: `systems/${module}`,
  parameters: [],
  isQuick,
  title,
});

export const systems: readonly System[] = [
  alone('B', 'undici-proxy.ts', 'B: bare proxy, undici, fixed token', true),
  alone('node', 'node-proxy.ts', 'bare proxy, `node:http`, fixed token'),
  alone('fastify', 'fastify-session.ts', 'fastify, token in an encrypted cookie'),
  alone('express-sample', 'express-sample.ts', "Microsoft's sample: express, msal-node"),
  inFrame('hello', 'Functions: a fixed response'),
  inFrame('control', 'Functions: fixed token, no session, no policy'),
  inFrame('product', 'Functions: **entra-bff**', 'signed-in'),
  inFrame('sample', "Functions: Microsoft's sample", 'signed-in'),
];

/** Bundles the apps of the frame with the options of the deployed app. */
export async function bundleApps(): Promise<void> {
  await bundle({ entry: fromRoot('src/main.ts'), outfile: appFile('product') });
  await build({
    absWorkingDir: fromRoot('.'),
    entryPoints: ['hello', 'control', 'sample'].map((name) => fromRoot(`bench/apps/${name}.ts`)),
    outdir: fromRoot('.build/bench'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    external: ['@azure/functions-core'],
    minify: true,
    logLevel: 'silent',
  });
}
