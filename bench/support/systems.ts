import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildApp } from '../../build/bundle.ts';

export interface System {
  readonly name: string;
  readonly title: string;
  /** The module that runs it, and its arguments. */
  readonly module: string;
  readonly parameters: readonly string[];
  /** Comes before Graph's path. */
  readonly pathPrefix: string;
  /** Where a browser signs in. Without it, the system has no sessions. */
  readonly signInPath?: string;
  /** The token that Graph receives. `none`: the system does not call Graph. */
  readonly token: 'fixed' | 'of the user' | 'none';
  /** Also in `--quick`. */
  readonly isQuick: boolean;
  /** Settings of the product that differ from those of the other systems. */
  readonly settings?: Readonly<Record<string, string>>;
}

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The bundle of an app in the development host. Each has its own folder, for its libraries. */
export function bundleOf(name: string): string {
  return fromRoot(`.build/bench/${name}/main.cjs`);
}

function inFrame(name: string, title: string, token: System['token']): System {
  return {
    name,
    title: `Functions: ${title}`,
    module: 'systems/functions.ts',
    parameters: [bundleOf(name)],
    pathPrefix: '/api/graph',
    ...(token === 'of the user' && { signInPath: '/api/auth/login' }),
    token,
    isQuick: true,
  };
}

function alone(name: string, title: string, module: string, more: Partial<System> = {}): System {
  const fixed = { parameters: [], pathPrefix: '', token: 'fixed', isQuick: false } as const;
  return { name, title, module: `systems/${module}`, ...fixed, ...more };
}

export const systems: readonly System[] = [
  alone('B', 'bare proxy, undici, fixed token (B)', 'undici-proxy.ts', { isQuick: true }),
  alone('node', 'bare proxy, `node:http`, fixed token', 'node-proxy.ts'),
  alone('fastify', 'fastify, token in an encrypted cookie', 'fastify-session.ts', { signInPath: '/sign-in' }),
  alone('express-sample', "Microsoft's sample: express, msal-node", 'express-sample.ts', {
    signInPath: '/api/auth/login',
    token: 'of the user',
  }),
  inFrame('hello', 'fixed response', 'none'),
  inFrame('control', 'fixed token, no session, no policy', 'fixed'),
  inFrame('product', '**entra-bff**', 'of the user'),
  inFrame('sample', "Microsoft's sample", 'of the user'),
];

/** The product of another checkout. */
export const before: System = inFrame('before', 'entra-bff, before', 'of the user');

const product = inFrame('product', '**entra-bff**', 'of the user');

/** Whose profiles are recorded. Without the cache, each call reads its session from the storage. */
export const profiled: readonly System[] = [
  { ...product, title: 'Warm call' },
  { ...product, title: 'Cold call', settings: { SESSION_CACHE_SECONDS: '0' } },
  { ...inFrame('control', '', 'fixed'), title: 'Control' },
];

export function titleOf(name: string): string {
  return [...systems, before].find((system) => system.name === name)?.title ?? name;
}

/**
 * Bundles the apps that run in the development host: the product as it is deployed, and the others.
 * @param otherCheckout the folder of {@link before}
 */
export async function bundleApps(otherCheckout?: string): Promise<void> {
  await buildApp(bundleOf('product'));
  if (otherCheckout !== undefined) {
    const module: unknown = await import(pathToFileURL(`${otherCheckout}/build/bundle.ts`).href);
    const other = module as { buildApp: typeof buildApp };
    await other.buildApp(bundleOf('before'));
  }
  await build({
    absWorkingDir: fromRoot('.'),
    entryPoints: ['hello', 'control', 'sample'].map((name) => ({
      in: fromRoot(`bench/apps/${name}.ts`),
      out: `${name}/main`,
    })),
    outdir: fromRoot('.build/bench'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    mainFields: ['module', 'main'],
    external: ['@azure/functions-core'],
    minify: true,
    sourcemap: 'external',
    logLevel: 'silent',
  });
}
