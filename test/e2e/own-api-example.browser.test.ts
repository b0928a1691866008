import { demoClient } from '@entra-bff/directory';
import { expect, it } from 'vitest';
import { openDemoAs } from '../support/browser-world.ts';
import { readText } from '../support/documents.ts';
import { openPage } from '../support/open-page.ts';
import { startOrdersExample } from '../support/orders-example.ts';
import { isWholeRun } from '../support/scale.ts';
import { startWorld, userId } from '../support/world.ts';

it.runIf(isWholeRun)('examples/own-api/call.js shows an order of the API in the page', async ({ skip }) => {
  const world = await startWorld();
  const api = await startOrdersExample(world);
  try {
    const worker = await world.startWorker({ servesDemo: true, environment: api.environment });
    world.entra.consents.grant({ ...demoClient, scopes: ['api://contoso-orders/Orders.Read'] });
    const page = await openPage(skip);
    await openDemoAs({ ...world, worker, newPage: openPage }, page, 'Alice Adams');
    await page.evaluate(`(async () => { ${readText('examples/own-api/call.js')} })()`);
    expect(JSON.parse(await page.locator('body').innerText())).toEqual({
      id: 'A-1',
      placed_by: userId('alice'),
    });
  } finally {
    api.close();
    await world.close();
  }
});
