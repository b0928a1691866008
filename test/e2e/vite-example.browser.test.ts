import { fileURLToPath } from 'node:url';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../../dev/free-port.ts';
import { openPage } from '../support/open-page.ts';
import { isWholeRun } from '../support/scale.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
let vite: ViteDevServer;
let origin: string;

beforeAll(async () => {
  world = await startWorld();
  const port = await findFreePort();
  origin = `http://localhost:${port}`;
  const worker = await world.startWorker({ environment: { PUBLIC_BASE_URL: origin } });
  vite = await createServer({
    root: fileURLToPath(new URL('../../examples/vite', import.meta.url)),
    logLevel: 'error',
    server: { port, proxy: { '/api': worker.origin } },
  });
  await vite.listen();
});

afterAll(async () => {
  await vite.close();
  await world.close();
});

describe('the Vite example', () => {
  it.runIf(isWholeRun)('signs in and out behind the development server', async ({ skip }) => {
    const page = await openPage(skip);
    await page.goto(origin);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: /Alice Adams/ }).click();
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByText('Signed in as Alice Adams, Head of Platform.').waitFor();
    expect(new URL(page.url()).origin).toBe(origin);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await page.getByRole('link', { name: 'Back to the app' }).click();
    await page.getByText('You are not signed in.').waitFor();
  });
});
