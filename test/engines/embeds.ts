import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EngineBrowser,
  type EngineName,
  type LaunchedEngine,
  launchEngine,
  openTab,
  type Tab,
} from '@entra-bff/test-browser';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFrontend } from '../../dev/frontend.ts';
import { embedKinds } from '../support/embed-kinds.ts';
import { type SmallSite, serve } from '../support/small-site.ts';
import { grantSignIn, startWorld, type Worker, type World } from '../support/world.ts';

const rule = { methods: ['GET'], scopes: ['User.Read'] };
const policy = {
  features: {
    profile: {
      title: 'Profile',
      signIn: true,
      rules: [
        { ...rule, path: '/v1.0/me', query: { $select: true } },
        { ...rule, path: '/v1.0/me/things/{id}', embed: true },
        { ...rule, path: '/v1.0/me/secrets/{id}' },
      ],
    },
  },
};
const things = '/api/graph/v1.0/me/things/x1-';
const secrets = '/api/graph/v1.0/me/secrets/x1-';
/** The same content on the app's own origin, without this service. */
const control = '/control/x1-';

/** Ways in which a call may reach Graph: those that browsers report as an image, audio or video, and a script's. */
const embedding = [
  ...['img', 'input', 'poster', 'background', 'svg-image', 'svg-fe-image', 'svg-mask'],
  ...['icon', 'preload-image'],
  ...['audio', 'video', 'with-header'],
];

/** Ways in which every engine runs content of the app's origin: what the attack would gain. */
const running = ['script-script', 'module-script', 'import-script', 'worker-script', 'style-style'];
/** What `<use>` runs: Firefox, what is called SVG; WebKit, SVG by any name. */
const runningByUse: Readonly<Record<EngineName, readonly string[]>> = {
  chromium: [],
  firefox: ['svg-use-svg'],
  webkit: ['svg-use-svg', 'svg-use-pngsvg'],
};

/** Content that embeds itself into a page of the app's origin, in a browser. */
export function describeEmbeds(engine: EngineName): void {
  describe(`plain HTML in ${engine}`, () => {
    const stage = setEmbedStage(engine);
    const tags = ['RU-1', 'PX-13', 'CS-1'];
    // Loads that end silently take their time.
    it('shows and plays what fits, and runs nothing', { tags, timeout: 300_000 }, () =>
      expectNothingRuns(stage, engine),
    );
    it('saves what a link leads to, and shows a page if there is nothing to save', { tags }, () =>
      expectSaved(stage, engine),
    );
    it('is not what a link on another site leads to, not even after a sign-in', { tags }, () =>
      expectForeignLinksReachNothing(stage),
    );
  });
}

async function expectNothingRuns(stage: EmbedStage, engine: EngineName): Promise<void> {
  const tab = await stage.openPage();
  expect(await loadAll(tab, control)).toMatchObject({ 'img-png': 'load' });
  expect([...stage.ran].sort()).toEqual(expect.arrayContaining([...running, ...runningByUse[engine]]));
  stage.clear();

  const results = await loadAll(tab, things);
  expect([...stage.ran]).toEqual([]);
  for (const kind of kinds) {
    expect(results[`with-header-${kind}`], kind).toBe('status 200');
    for (const way of ['fetch', 'fetch-no-cors', 'fetch-same-origin']) {
      expect(results[`${way}-${kind}`], kind).toBe('status 403');
    }
    if (!kind.startsWith('png')) expect(results[`img-${kind}`], kind).toBe('error');
  }
  const reached = waysIn(stage.reached());
  if (stage.sendsMetadata) {
    expect(embedding).toEqual(expect.arrayContaining(reached));
    expect(reached).toEqual(expect.arrayContaining(['img', 'audio', 'video', 'with-header']));
    expect(results).toMatchObject({ 'img-png': 'load', 'input-png': 'load' });
    if (engine !== 'webkit') {
      expect(results).toMatchObject({ 'audio-wav': 'loadedmetadata', 'video-wav': 'loadedmetadata' });
    }
  } else {
    expect(reached).toEqual(['with-header']);
    expect(results).toMatchObject({ 'img-png': 'error' });
  }

  stage.clear();
  await loadAll(tab, secrets, ['png', 'wav', 'script']);
  expect(waysIn(stage.reached())).toEqual(['with-header']);
  expect([...stage.ran]).toEqual([]);
}

async function expectSaved(stage: EmbedStage, engine: EngineName): Promise<void> {
  const tab = await stage.openPage();
  const { sendsMetadata } = stage;
  // WebKit reports nothing for a link with `download`, so it has no way to save the file without a script.
  const links = engine === 'webkit' ? ['Open'] : ['Save', 'Open'];
  if (sendsMetadata) {
    for (const kind of ['html', 'svg', 'script', 'pdf', 'json', 'png']) {
      await follow(tab, 'Save', `${things}save-${kind}`);
      for (const link of links) {
        const name = `${link.toLowerCase()}-${kind}`;
        if (link === 'Open') await follow(tab, link, things + name);
        await expect.poll(() => stage.reached()).toContain(name);
      }
    }
    expect(waysIn(stage.reached())).toEqual(links.map((link) => link.toLowerCase()));
    expect(await tab.url()).toBe(`${stage.origin}/embeds.html`);
  }
  stage.clear();
  await follow(tab, 'Open', `${secrets}open-html`);
  if (sendsMetadata) await tab.see('Cross-site request blocked');
  else await tab.until(`document.body.innerText.includes('cross_site_request')`);
  expect(stage.reached()).toEqual([]);
  expect([...stage.ran]).toEqual([]);
}

async function expectForeignLinksReachNothing(stage: EmbedStage): Promise<void> {
  const tab = await stage.openPage();
  await tab.goto(stage.foreignPage);
  await tab.follow('Direct');
  await tab.until(`location.pathname.startsWith('/api/graph')`);
  for (const name of ['Through a sign-in', 'Silently', 'In other letters']) {
    await tab.goto(stage.foreignPage);
    await tab.follow(name);
    await tab.see(/Hello, Alice Adams|Pick an account/);
    if ((await tab.url()).startsWith(stage.entraOrigin)) await tab.press(/Alice Adams/);
    await tab.see('Hello, Alice Adams');
    expect(await tab.url()).toBe(`${stage.origin}/`);
  }
  expect(stage.reached()).toEqual([]);
  expect([...stage.ran]).toEqual([]);
}

const kinds = Object.keys(embedKinds);

/** The ways of these loads. A name is that of the way, a hyphen and that of the kind. */
const waysIn = (names: readonly string[]) => [...new Set(names.map((name) => name.replace(/-[a-z]+$/, '')))];

async function loadAll(tab: Tab, prefix: string, names = kinds): Promise<Readonly<Record<string, string>>> {
  await tab.window.evaluate(`void window.loadAll(${JSON.stringify(prefix)}, ${JSON.stringify(names)})`);
  await expect
    .poll(() => tab.window.evaluate('window.results !== undefined'), { timeout: 150_000 })
    .toBe(true);
  const results: unknown = await tab.window.evaluate('window.results');
  return Object.fromEntries(Object.entries(Object(results)).map(([name, end]) => [name, String(end)]));
}

async function follow(tab: Tab, name: string, address: string): Promise<void> {
  await tab.window.evaluate(
    `void (document.querySelector('#${name.toLowerCase()}').href = ${JSON.stringify(address)})`,
  );
  await tab.follow(name);
}

interface EmbedStage {
  readonly origin: string;
  readonly entraOrigin: string;
  /** A page of another site, with links to the API. */
  readonly foreignPage: string;
  /** Whether this browser reports destinations. Known after the first page. */
  readonly sendsMetadata: boolean;
  /** The names of the contents that were run. */
  readonly ran: Set<string>;
  /** The names of the contents that Graph was called for. */
  reached(): readonly string[];
  clear(): void;
  /** Opens the page of loads, as Alice. */
  openPage(): Promise<Tab>;
}

function setEmbedStage(engine: EngineName): EmbedStage {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  const ran = new Set<string>();
  let sendsMetadata = false;
  let world: World;
  let worker: Worker;
  let foreign: SmallSite;
  let launched: LaunchedEngine;

  beforeAll(async () => {
    const policyFile = join(folder, 'policy.json');
    writeFileSync(policyFile, JSON.stringify(policy));
    world = await startWorld();
    const frontend = createEmbedFrontend(world, ran, (request) => {
      if (request.url === '/embeds.html') sendsMetadata = request.headers['sec-fetch-dest'] === 'document';
    });
    worker = await world.startWorker({ frontend, environment: { GRAPH_POLICY_FILE: policyFile } });
    world.graph.respondWith(({ target }, response) => {
      const name = /\/x1-([\w-]+)$/.exec(target)?.[1] ?? '';
      if (name === '') {
        response.setHeader('content-type', 'application/json');
        response.end('{"displayName":"Alice Adams"}');
      } else sendKind(response, name, worker.origin);
    });
    foreign = await serve(() => ({ body: foreignPage(worker.origin) }), '127.0.0.1');
    grantSignIn(world);
    launched = await launchEngine(engine);
  }, 180_000);

  beforeEach(async ({ skip }) => {
    if (launched.kind === 'missing') return skip(launched.reason);
    await launched.browser.removeCookies([`${worker.origin}/icon.svg`, `${world.entra.origin}/switches`]);
    clear();
  });

  afterEach(async () => {
    if (launched.kind === 'missing') return;
    for (const window of await launched.browser.windows()) await window.close();
  });

  afterAll(async () => {
    if (launched?.kind === 'browser') await launched.browser.close();
    await foreign?.close();
    await world?.close();
    rmSync(folder, { recursive: true });
  });

  function clear(): void {
    ran.clear();
    world.graph.requests.length = 0;
  }

  function browser(): EngineBrowser {
    if (launched.kind === 'missing') throw new Error(launched.reason);
    return launched.browser;
  }

  return {
    get origin() {
      return worker.origin;
    },
    get entraOrigin() {
      return world.entra.origin;
    },
    get foreignPage() {
      return `http://127.0.0.1:${foreign.port}/`;
    },
    get sendsMetadata() {
      return sendsMetadata;
    },
    ran,
    reached: () => world.graph.requests.flatMap(({ target }) => /\/x1-([\w-]+)$/.exec(target)?.[1] ?? []),
    clear,
    async openPage() {
      const tab = await openTab(browser());
      await tab.goto(`${worker.origin}/api/auth/login?return_to=/embeds.html&prompt=select_account`);
      await tab.press(/Alice Adams/);
      await tab.see('Embeds');
      return tab;
    },
  };
}

const foreignPage = (origin: string) => {
  const target = `${things}foreign-html`;
  const login = (parameters: Record<string, string>) =>
    `${origin}/api/auth/login?${new URLSearchParams(parameters)}`.replaceAll('&', '&amp;');
  return `<!doctype html><title>Prizes</title><a href="${origin}${target}">Direct</a>
<a href="${login({ return_to: target })}">Through a sign-in</a>
<a href="${login({ return_to: target, prompt: 'none' })}">Silently</a>
<a href="${login({ return_to: target.replace('/api/graph', '/API/%67raph') })}">In other letters</a>`;
};

/** Serves the page without a Content Security Policy, the control, and the address that content calls if it is run. */
function createEmbedFrontend(world: World, ran: Set<string>, onRequest: (request: IncomingMessage) => void) {
  const pages = new Map(
    [
      ['/embeds.html', 'text/html'],
      ['/embeds.js', 'text/javascript'],
    ].map(([name = '', type = '']) => [
      name,
      { type, body: readFileSync(new URL(`app${name}`, import.meta.url)) },
    ]),
  );
  const serveDemo = createFrontend(world);
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    onRequest(request);
    const { url = '/' } = request;
    if (url.startsWith('/ran/')) {
      ran.add(url.slice('/ran/'.length));
      response.writeHead(204).end();
      return true;
    }
    if (url.startsWith(control)) {
      sendKind(response, url.slice(control.length), `http://${request.headers.host}`);
      return true;
    }
    const page = pages.get(url);
    if (page === undefined) return serveDemo(request, response);
    response.writeHead(200, { 'content-type': page.type }).end(page.body);
    return true;
  };
}

function sendKind(response: ServerResponse, name: string, origin: string): void {
  const kind = embedKinds[name.split('-').at(-1) ?? ''];
  const body = kind?.body(`${origin}/ran/${name}`) ?? '';
  response.writeHead(200, {
    'content-type': kind?.type ?? 'text/plain',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
