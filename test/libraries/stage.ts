import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../support/chromium.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';
import { bundlePage } from './bundle.ts';

/** The permissions that the user has granted. Those of the calendar are missing. */
const granted = [
  'Mail.Read',
  'Mail.ReadWrite',
  'Files.ReadWrite',
  'User.ReadBasic.All',
  'People.Read',
  'Tasks.ReadWrite',
];

/** A service with an app in front of it, and a browser with a signed-in user. */
export interface Stage {
  readonly world: World;
  readonly worker: Worker;
  readonly context: BrowserContext;
  /** Opens a page with the module of a library. The page has no CSP: one that transfers files has to list their hosts. */
  open(module: string): Promise<Page>;
  close(): Promise<void>;
}

/** @param environment of the worker, besides the settings of every worker */
export async function startStage(
  environment: Readonly<Record<string, string>> = {},
  scopes: readonly string[] = granted,
): Promise<Stage> {
  const world = await startWorld();
  const modules = new Map<string, string>();
  const worker = await world.startWorker({ environment, frontend: serveApp(modules) });
  grantSignIn(world, 'Alice Adams', scopes);
  const launched = await launchChromium();
  if (launched.kind === 'missing') throw new Error(launched.reason);
  const context = await newContext(launched.browser, worker);
  return {
    world,
    worker,
    context,
    async open(module) {
      if (!modules.has(module)) modules.set(module, await bundlePage(module));
      const page = await context.newPage();
      await page.goto(`${worker.origin}/app/${module}`);
      return page;
    },
    async close() {
      await launched.browser.close();
      await world.close();
    },
  };
}

/** Serves `/app/NAME` with the module `/app/NAME.js`. */
function serveApp(modules: ReadonlyMap<string, string>) {
  return ({ url = '' }: IncomingMessage, response: ServerResponse): boolean => {
    const [, name = ''] = /^\/app\/([\w.-]+?)(?:\.module)?$/.exec(url) ?? [];
    const text = modules.get(name);
    if (text === undefined) return false;
    const isModule = url.endsWith('.module');
    response.writeHead(200, { 'content-type': isModule ? 'text/javascript' : 'text/html; charset=utf-8' });
    response.end(
      isModule
        ? text
        : `<!doctype html><title>App</title><script type="module" src="/app/${name}.module"></script>`,
    );
    return true;
  };
}

/** Gives the cookies of a sign-in to a browser context. */
async function newContext(browser: Browser, worker: Worker): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-US' });
  const agent = worker.browser();
  await signIn(agent, { user: 'alice' });
  const cookies = agent.jar.get('localhost') ?? new Map<string, string>();
  await context.addCookies(
    [...cookies].map(([name, value]) => ({
      name,
      value,
      domain: 'localhost',
      path: '/',
      httpOnly: true,
      sameSite: 'Strict' as const,
    })),
  );
  return context;
}
