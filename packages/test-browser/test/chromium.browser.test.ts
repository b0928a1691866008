import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { launchChromium } from '../src/index.ts';

const launched = await launchChromium();

describe('launchChromium', () => {
  it.skipIf(launched.kind === 'missing')('starts a browser that reaches this computer only', async () => {
    if (launched.kind === 'missing') return;
    const { browser } = launched;
    onTestFinished(() => browser.close());
    const server = createServer((_, response) => response.end('<title>here</title>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.closeAllConnections());
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const page = await browser.newPage();
    for (const host of ['localhost', '127.0.0.1']) {
      await page.goto(`http://${host}:${port}/`);
      expect(await page.title()).toBe('here');
    }
    await expect(page.goto('http://example.com/')).rejects.toThrow('ERR_NAME_NOT_RESOLVED');
  });
});
