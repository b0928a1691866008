import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, '.build/coverage');

/** Records the coverage of all pages of this browser if the test run measures coverage. */
export function recordBrowserCoverage(browser: Browser): Browser {
  const resultFolder = process.env['NODE_V8_COVERAGE'];
  if (resultFolder === undefined) return browser;
  const newContext = browser.newContext.bind(browser);
  const newPage = browser.newPage.bind(browser);
  browser.newContext = async (options) => recordContext(await newContext(options), resultFolder);
  browser.newPage = async (options) => {
    const page = await newPage(options);
    await recordPage(page);
    const close = page.close.bind(page);
    page.close = async (options) => {
      writeResult(resultFolder, await stop(page));
      await close(options);
    };
    return page;
  };
  return browser;
}

function recordContext(context: BrowserContext, resultFolder: string): BrowserContext {
  // The first lines of a popup may run before recording starts.
  context.on('page', (page) => void recordPage(page));
  const close = context.close.bind(context);
  context.close = async (options) => {
    for (const page of context.pages()) writeResult(resultFolder, await stop(page));
    await close(options);
  };
  return context;
}

const recordPage = (page: Page) =>
  page.coverage
    .startJSCoverage({ resetOnNavigation: false, reportAnonymousScripts: true })
    .catch(() => undefined);

const stop = (page: Page) => page.coverage.stopJSCoverage().catch(() => []);

type BrowserScript = Awaited<ReturnType<typeof stop>>[number];

/** Writes the format of Node's own result files. The provider collects all files of this folder. */
function writeResult(resultFolder: string, scripts: readonly BrowserScript[]): void {
  const result = scripts.flatMap(({ source = '', ...script }) => {
    const path = writeScript(source);
    return path === undefined ? [] : [{ ...script, url: `file://${path}` }];
  });
  mkdirSync(resultFolder, { recursive: true });
  writeFileSync(join(resultFolder, `browser-${randomUUID()}.json`), JSON.stringify({ result }));
}

/** Stores a script beside its source map. Returns undefined for a script without one. */
function writeScript(source: string): string | undefined {
  const [, encoded] = /\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/.exec(source) ?? [];
  if (encoded === undefined) return undefined;
  const path = join(folder, `${createHash('sha256').update(source).digest('hex').slice(0, 16)}.js`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const map: object = JSON.parse(Buffer.from(encoded, 'base64').toString());
    writeFileSync(`${path}.map`, JSON.stringify({ ...map, sourceRoot: root }));
    writeFileSync(path, source);
  }
  return path;
}
