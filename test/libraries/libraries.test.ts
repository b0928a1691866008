import type { Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Feature, features, libraries } from './declarations.ts';
import { type Stage, startStage } from './stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage?.close());

/** Calls a function of the library in the page. As text, because vitest rewrites `import()` in code. */
const run = (page: Page, name: string, argument = ''): Promise<unknown> =>
  page.evaluate(
    `import(location.pathname + '.module').then(({ library }) => library.${name}(${JSON.stringify(argument)}))`,
  );

/** Calls Graph in the page without a library. */
const graph = (
  page: Page,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; id: string }> =>
  page.evaluate(
    async ([method, path, body]) => {
      const headers = { 'x-csrf': '1', 'content-type': 'application/json' };
      const init = { method, headers, ...(body !== '' && { body }) };
      const response = await fetch(`/api/graph/v1.0${path}`, init);
      const text = await response.text();
      return { status: response.status, ...(text.startsWith('{') && JSON.parse(text)) };
    },
    [method, path, body === undefined ? '' : JSON.stringify(body)] as const,
  );

const sentToGraph = () => stage.world.graph.requests.map(({ method, target }) => `${method} ${target}`);

/** What each feature comes to if it works. */
const proofs: Readonly<Record<Feature, (page: Page) => Promise<void>>> = {
  async read(page) {
    expect(await run(page, 'read')).toMatchObject({ displayName: 'Alice Adams' });
  },
  async filter(page) {
    expect(await run(page, 'filter')).toEqual(["Siobhán O'Brien"]);
  },
  async pages(page) {
    expect(await run(page, 'pages')).toHaveLength(35);
    expect(sentToGraph().filter((call) => call.startsWith('GET /v1.0/me/messages'))).toHaveLength(4);
  },
  async batch(page) {
    expect(await run(page, 'batch')).toEqual(['Alice Adams', 1]);
    expect(sentToGraph()).toEqual(['POST /v1.0/$batch']);
  },
  async refusedPart(page) {
    expect(await run(page, 'refusedPart')).toEqual(['Alice Adams', 'path_not_allowed']);
  },
  async upload(page) {
    expect(await run(page, 'upload')).toMatchObject({ name: 'Q1 [draft] #3.docx', size: 5 });
  },
  async uploadSession(page) {
    const size = 320 * 1024 + 5;
    const pieces: string[] = [];
    const count = (request: Request) => {
      if (request.method() === 'PUT' && request.url().startsWith(`${stage.world.graph.origin}/files/`)) {
        pieces.push(request.headers()['content-range'] ?? '');
      }
    };
    page.on('request', count);
    expect(await run(page, 'uploadSession')).toMatchObject({ name: expect.stringMatching(/^large/), size });
    page.off('request', count);
    expect(pieces).toHaveLength(2);
  },
  async download(page) {
    const file = await graph(page, 'PUT', '/me/drive/root:/hello.json:/content', { text: 'Hello' });
    expect(await run(page, 'download', file.id)).toBe('{"text":"Hello"}');
  },
  async photo(page) {
    expect(await run(page, 'photo')).toEqual(['image/png', 'PNG']);
  },
  async remove(page) {
    const { id } = await graph(page, 'POST', '/me/messages', { subject: 'Draft' });
    await run(page, 'remove', id);
    expect((await graph(page, 'GET', `/me/messages/${id}`)).status).toBe(404);
  },
  async retry(page) {
    stage.world.graph.switches.throttledCalls = 1;
    stage.world.graph.switches.retryAfterSeconds = 1;
    expect(await run(page, 'read')).toMatchObject({ displayName: 'Alice Adams' });
    expect(sentToGraph()).toHaveLength(2);
  },
  async refusal(page) {
    expect(await run(page, 'refusal')).toEqual([403, 'path_not_allowed', false]);
  },
  async consent(page) {
    expect(await run(page, 'consent')).toEqual([401, 'interaction_required', true]);
  },
};

describe.for(libraries)('$name in a browser', ({ page: module, outcomes }) => {
  let page: Page;

  beforeAll(async () => {
    page = await stage.open(module);
  });
  afterAll(() => page?.close());

  it.for(Object.entries(features) as [Feature, string][])('$1', async ([feature]) => {
    stage.world.graph.requests.length = 0;
    const declared = outcomes[feature];
    if (declared.kind === 'works') await proofs[feature](page);
    else expect(await run(page, feature)).toEqual(declared.instead);
  });
});

describe('the retry of the Microsoft Graph client', () => {
  it('waits until the service has room for six batches of twenty', async () => {
    const page = await stage.open('microsoft-graph-client.ts');
    stage.world.graph.switches.slowMs = 500;
    const refused: number[] = [];
    page.on('response', (response) => {
      if (response.headers()['bff-problem'] === 'rate_limited') refused.push(response.status());
    });
    expect(await run(page, 'manyBatches')).toEqual(Array(120).fill(200));
    expect(refused.length).toBeGreaterThan(0);
    stage.world.graph.switches.slowMs = 0;
    await page.close();
  });
});

describe('a call of a library whose permission is missing', () => {
  it.for(['calendars', 'contacts', 'groups'])('waits for the user and then reads %s', async (name) => {
    const page = await stage.open('popup.js');
    const opened = page.waitForEvent('popup');
    await page.getByRole('button', { name: `Read ${name}` }).click();
    const popup = await opened;
    const account = popup.getByRole('button', { name: /Alice Adams/ });
    const accept = popup.getByRole('button', { name: 'Accept' });
    await account.or(accept).waitFor();
    // Entra ID asks for the account once.
    if (await account.isVisible()) await account.click();
    await accept.click();
    await page.getByText(`${name} are here`).waitFor();
    await page.close();
  });
});
