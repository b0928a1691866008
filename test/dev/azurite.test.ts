import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { TableClient } from '@azure/data-tables';
import { describe, expect, it } from 'vitest';
import { startAzurite } from '../../dev/azurite.ts';
import { isWholeRun } from '../support/scale.ts';

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy());
    socket.once('error', () => undefined);
    socket.once('close', (hadError) => resolve(!hadError));
  });

describe('startAzurite', () => {
  it.runIf(isWholeRun)('stores rows while it runs, and ends when it is closed', async () => {
    const azurite = await startAzurite();
    const table = TableClient.fromConnectionString(azurite.connectionString, 'rows', {
      allowInsecureConnection: true,
    });
    await table.createTable();
    await table.createEntity({ partitionKey: 'p', rowKey: 'r', value: 1 });
    expect(await table.getEntity('p', 'r')).toMatchObject({ value: 1 });
    const port = Number(new URL(azurite.endpoint).port);
    expect(await answers(port)).toBe(true);
    await azurite.close();
    expect(await answers(port)).toBe(false);
  });

  it.runIf(isWholeRun)('ends with its parent process, even if that is killed', async () => {
    const script = `
      import { startAzurite } from './dev/azurite.ts';
      const { endpoint } = await startAzurite();
      console.log(new URL(endpoint).port);
      setInterval(() => {}, 1000);
    `;
    const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout, 'data');
    const port = Number(String(line));
    expect(await answers(port)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => answers(port), { timeout: 10_000 }).toBe(false);
  });
});
