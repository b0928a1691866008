import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The pages' scripts and style sheets, each as the text of an inline element, minified unless coverage is measured. */
export async function bundlePageAssets({ measured = false } = {}): Promise<typeof __PAGE_ASSETS__> {
  return {
    commonStyle: await bundleAsset('common.css', false),
    adminStyle: await bundleAsset('admin.css', false),
    adminScript: await bundleAsset('admin.client.ts', measured),
    popupScript: await bundleAsset('popup.client.ts', measured),
  };
}

async function bundleAsset(name: string, measured: boolean): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`src/shared/pages/assets/${name}`],
    bundle: true,
    // Not a module, because `document.currentScript` is null in a module.
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: !measured,
    ...(measured && { sourcemap: 'inline' as const }),
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
