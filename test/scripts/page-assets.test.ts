import { expect, it } from 'vitest';
import { bundlePageAssets } from '../../build/page-assets.ts';

it('scripts and styles of pages cannot close their element', async () => {
  const assets = await bundlePageAssets();
  for (const [name, text] of Object.entries(assets)) {
    expect(text, name).not.toBe('');
    expect(text, name).not.toMatch(/<\/|<!--/);
    expect(text, name).not.toMatch(/\b(?:import|export)\b/);
  }
});

it('the script of the admin page is smaller than 5 KB', async () => {
  const { adminScript } = await bundlePageAssets();
  expect(Buffer.byteLength(adminScript)).toBeLessThan(5120);
});
