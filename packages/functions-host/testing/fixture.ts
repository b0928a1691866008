import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';
import { type FunctionsHostOptions, startFunctionsHost } from '../src/host.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const bundles = new Map<string, Promise<string>>();
const outfiles: string[] = [];

/**
 * Bundles the source of an app, which may use `app` and `output` of @azure/functions. Tests with the same source share the
 * bundle. Every host loads a new instance of it.
 * @returns the path of the bundle, which is deleted when the process ends
 */
export function bundleFixture(source: string): Promise<string> {
  const bundle = bundles.get(source) ?? bundleSource(source);
  bundles.set(source, bundle);
  return bundle;
}

async function bundleSource(source: string): Promise<string> {
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
  if (outfiles.length === 0) process.once('exit', removeOutfiles);
  outfiles.push(outfile);
  return outfile;
}

function removeOutfiles(): void {
  for (const file of outfiles) rmSync(file, { force: true });
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

/** Sends bytes exactly as given. Returns everything until the host closes the connection. */
export function sendBytes(host: { port: number }, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let answers = '';
    const socket = connect(host.port, '127.0.0.1');
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      answers += text;
    });
    socket.on('error', () => undefined); // a reset counts as an end
    socket.on('close', () => resolve(answers));
    socket.write(bytes, 'latin1');
  });
}
