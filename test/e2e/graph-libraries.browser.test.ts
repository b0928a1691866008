import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserWorld, openDemoAs, press, see, startBrowserWorld } from '../support/browser-world.ts';
import { isWholeRun } from '../support/scale.ts';
import { userId } from '../support/world.ts';

let world: BrowserWorld;
let origin: string;

beforeAll(async () => {
  world = await startBrowserWorld();
  origin = world.worker.origin;
});
afterAll(() => world.close());

/** Bundles the library with the code that an app needs for it, from the folder beside this file. */
async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`graph-libraries/${name}`, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** Calls a function of the library's module in the page. Passed as text, because vitest rewrites `import()` in code. */
const call = (page: Page, name: 'me' | 'messages' | 'allMessages' | 'batch'): Promise<unknown> =>
  page.evaluate(`import('/library.js').then(({ library }) => library.${name}())`);

/** Status and code of the problem with which a call of the library fails. */
const refusalOf = (page: Page, name: 'messages' | 'forbidden'): Promise<unknown> =>
  page.evaluate(`import('/library.js').then(({ library }) => library.${name}().catch(async (error) => {
    const { status, code } = await library.problemOf(error);
    return [status, code];
  }))`);

const goForPermission = (page: Page): Promise<unknown> =>
  page.evaluate(`import('/library.js').then(({ library }) =>
    library.messages().catch(async (error) => library.interact(await library.problemOf(error))))`);

const libraries = [
  ['@microsoft/microsoft-graph-client', 'microsoft-graph-client.ts'],
  ['PnPjs', 'pnp.js'],
  ['fetch alone', 'plain-fetch.ts'],
] as const;

describe.for(libraries)('%s in a browser', ([, name]) => {
  it.runIf(isWholeRun)(
    'calls Graph through the service, reports refusals, continues after consent, pages and batches',
    {
      tags: ['PX-14'],
    },
    async ({ skip }) => {
      const page = await world.newPage(skip);
      const elsewhere: string[] = [];
      page.on('request', (request) => {
        if (new URL(request.url()).pathname.includes('/v1.0/') && !request.url().startsWith(origin))
          elsewhere.push(request.url());
      });
      const module = await bundle(name);
      await page.route(`${origin}/library.js`, (route) =>
        route.fulfill({ contentType: 'text/javascript', body: module }),
      );
      world.entra.consents.revoke(userId('alice'));
      await openDemoAs(world, page, 'Alice Adams');
      expect(await call(page, 'me')).toMatchObject({
        displayName: 'Alice Adams',
        jobTitle: 'Head of Platform',
      });
      expect(await refusalOf(page, 'forbidden')).toEqual([403, 'path_not_allowed']);
      expect(await refusalOf(page, 'messages')).toEqual([401, 'interaction_required']);

      await goForPermission(page);
      await press(page, 'Accept');
      await see(page, 'Hello, Alice Adams');
      expect(await call(page, 'messages')).toMatchObject([
        { subject: expect.any(String) },
        { subject: expect.any(String) },
      ]);
      const subjects = await call(page, 'allMessages');
      expect(subjects).toHaveLength(35);
      world.graph.requests.length = 0;
      expect(await call(page, 'batch')).toEqual(['Alice Adams', (subjects as unknown[])[0]]);
      expect(world.graph.requests.map(({ target }) => target)).toEqual(['/v1.0/$batch']);
      expect(elsewhere).toEqual([]);
    },
  );
});
