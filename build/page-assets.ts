import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('../src/shared/pages/assets', import.meta.url));

/** The pages' scripts and style sheets, each minified into the text of an inline element. */
export async function bundlePageAssets(): Promise<typeof __PAGE_ASSETS__> {
  return {
    commonStyle: await bundleAsset('common.css'),
    adminStyle: await bundleAsset('admin.css'),
    adminScript: await bundleAsset('admin.client.ts'),
    popupScript: await bundleAsset('popup.client.ts'),
  };
}

async function bundleAsset(name: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [name],
    bundle: true,
    // Not a module, because `document.currentScript` is null in a module.
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
