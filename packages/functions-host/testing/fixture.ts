import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { type FunctionsHostOptions, startFunctionsHost } from '../src/host.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Bundles the source of an app, which may use `app` and `output` of @azure/functions. @returns the path of the bundle, which is deleted after the test */
export async function bundleFixture(source: string): Promise<string> {
  const outfile = `${root}/.build/fixtures/${randomUUID()}.cjs`;
  await build({
    stdin: {
      contents: `import { app } from '@azure/functions';\n${source}`,
      resolveDir: root,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    external: ['@azure/functions-core'],
    logLevel: 'silent',
  });
  onTestFinished(() => rm(outfile));
  return outfile;
}

/** Starts a host for the source of an app. It closes after the test. */
export async function hostOf(source: string, options: Omit<FunctionsHostOptions, 'bundle'> = {}) {
  const host = await startFunctionsHost({ ...options, bundle: await bundleFixture(source) });
  onTestFinished(() => host.close());
  return host;
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  text: string;
}

/** Sends a request exactly as given. `fetch` would normalize the path and refuse some headers. */
export function send(
  host: { port: number },
  target: string,
  options: { method?: string; headers?: OutgoingHttpHeaders | string[]; body?: string | Buffer } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const sent = httpRequest({
      host: '127.0.0.1',
      port: host.port,
      path: target,
      method,
      headers,
      agent: false,
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          text,
        }),
      );
    });
    sent.end(body);
  });
}
