import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../../dev/free-port.ts';

export interface Nginx {
  readonly origin: string;
  close(): Promise<void>;
}

/** Debian installs it where the path of an ordinary user does not lead. */
const executables = [
  '/usr/sbin/nginx',
  '/usr/local/sbin/nginx',
  '/usr/local/bin/nginx',
  '/opt/homebrew/bin/nginx',
];

/**
 * The path of nginx, or undefined if it is missing.
 * @throws {Error} if it is missing and `ENTRA_BFF_REQUIRE_NGINX` is 1
 */
export function findNginx(): string | undefined {
  const found = executables.find((path) => existsSync(path));
  if (found === undefined && process.env['ENTRA_BFF_REQUIRE_NGINX'] === '1') {
    throw new Error('nginx is missing: install it, on Debian with `apt-get install nginx-light`.');
  }
  if (found === undefined) console.warn('nginx is missing, so the tests of its configuration are skipped.');
  return found;
}

/**
 * Starts nginx with the server of `examples/nginx/app.conf`, over plain http on a free port, in front of a service.
 * @param serviceOf starts the service for the origin of nginx, and returns its port
 */
export async function startNginx(
  executable: string,
  serviceOf: (origin: string) => Promise<number>,
): Promise<Nginx> {
  const port = await findFreePort();
  const origin = `http://localhost:${port}`;
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  await mkdir(join(folder, 'pages'));
  await writeFile(join(folder, 'pages/index.html'), '<!doctype html><title>The app</title>');
  await writeFile(join(folder, 'nginx.conf'), await configuration(folder, port, await serviceOf(origin)));
  const child = spawn(executable, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await untilListening(port, child);
  return {
    origin,
    async close() {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
      await rm(folder, { recursive: true });
    },
  };
}

/** One process that does not change its user, with all its files in one folder. */
async function configuration(folder: string, port: number, servicePort: number): Promise<string> {
  const example = await readFile(new URL('../../examples/nginx/app.conf', import.meta.url), 'utf8');
  const server = [
    ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
    ['  ssl_certificate /etc/nginx/app.pem;\n', ''],
    ['  ssl_certificate_key /etc/nginx/app.key;\n', ''],
    ['server_name app.contoso.com;', 'server_name localhost;'],
    ['root /var/www/app;', `root ${folder}/pages;`],
    ['server 127.0.0.1:7071;', `server 127.0.0.1:${servicePort};`],
  ].reduce((text, [from = '', to = '']) => {
    if (!text.includes(from)) throw new Error(`examples/nginx/app.conf has no line ${from}`);
    return text.replace(from, to);
  }, example);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  ${server}
}
`;
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await delay(20);
  }
  throw new Error('nginx did not start');
}
