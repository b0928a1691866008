import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';

const moduleUrl = new URL('../src/engines/browser-process.ts', import.meta.url).href;

it.each(['SIGTERM', 'SIGINT'] as const)('%s ends the browsers and then the test run', async (signal) => {
  // Each browser stays connected while it runs.
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}).resume());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const browser = `require('node:net').connect(${JSON.stringify(server.address())})`;
  const script = `
    const { startProcess } = await import('${moduleUrl}');
    for (const _ of [1, 2]) startProcess(process.execPath, ['--eval', ${JSON.stringify(browser)}]);
    setInterval(() => {}, 1000);`;
  const run = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
  onTestFinished(() => void run.kill('SIGKILL'));

  await expect.poll(() => sockets.length).toBe(2);
  const exit = once(run, 'exit');
  run.kill(signal);
  expect(await exit).toEqual([null, signal]);
  await expect.poll(() => sockets.every((socket) => socket.destroyed)).toBe(true);
});
