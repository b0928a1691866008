import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../client/client.ts';
import { openClientPage } from '../examples/client-page.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

/** Graph pages these lists by a token, and this rule names only the other option for pages. */
const query = { $top: { max: 100 }, $skip: { max: 1000 } };
const lists = { path: '/v1.0/me/todo/lists', scopes: ['Tasks.ReadWrite'] };
const policy = {
  features: {
    tasks: {
      title: 'Tasks',
      signIn: true,
      rules: [
        { ...lists, methods: ['GET'], query },
        { ...lists, methods: ['POST'] },
        {
          methods: ['GET'],
          path: '/v1.0/me/drive/root/children',
          query: { $top: true },
          scopes: ['Files.Read'],
        },
      ],
    },
  },
};
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
let world: World;
let worker: Worker;
let client: Client;

beforeAll(async () => {
  world = await startWorld();
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  worker = await world.startWorker({ environment: { GRAPH_POLICY_FILE: policyFile } });
  const browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  ({ client } = openClientPage(browser, worker.origin));
  for (let batch = 0; batch < 10; batch++) {
    const requests = Array.from({ length: 20 }, (_, at) => ({
      id: `${at}`,
      method: 'POST',
      url: '/me/todo/lists',
      headers: { 'Content-Type': 'application/json' },
      body: { displayName: `List ${batch * 20 + at}` },
    }));
    const body = JSON.stringify({ requests });
    const headers = { 'content-type': 'application/json' };
    const answer = await client.graph('/$batch', { method: 'POST', headers, body });
    expect((await answer.json()).responses.map(({ status }: { status: number }) => status)).toEqual(
      requests.map(() => 201),
    );
  }
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

describe('client.pages', () => {
  it.each([
    ['/me/todo/lists', 11],
    ['/me/todo/lists?$top=100', 3],
    ['/me/todo/lists?$top=7', 29],
  ])(
    'reads 200 to-do lists and the one that each user has, of %s in %i pages',
    {
      tags: ['PX-14'],
    },
    async (path, count) => {
      const names: unknown[] = [];
      let pages = 0;
      for await (const { value } of client.pages(path)) {
        pages++;
        for (const { displayName } of value as { displayName: string }[]) names.push(displayName);
      }
      expect([pages, names.length, new Set(names).size]).toEqual([count, 201, 201]);
      expect(names).toEqual(expect.arrayContaining(['Tasks', 'List 0', 'List 199']));
    },
  );

  it('reads a folder whose links Graph spells with the ids of drive and folder', {
    tags: ['PX-14'],
  }, async () => {
    const path = '/me/drive/root/children?$top=1';
    const names: unknown[] = [];
    for await (const { value } of client.pages(path))
      for (const { name } of value as { name: string }[]) names.push(name);
    const all: { value: { name: string }[] } = await (await client.graph('/me/drive/root/children')).json();
    expect(names.length).toBeGreaterThan(1);
    expect(names).toEqual(all.value.map(({ name }) => name));
  });

  it('throws at the first page of a problem, and of another error of Graph', async () => {
    await expect(client.pages('/me/todo/lists/none-1').next()).rejects.toMatchObject({
      name: 'BffProblem',
      code: 'path_not_allowed',
    });
    const first = await client.pages('/me/todo/lists?$top=1').next();
    expect(first.value).toMatchObject({ value: { length: 1 } });
    const wrong = client.pages('/me/todo/lists?$top=0').next();
    await expect(wrong).rejects.toThrow('Graph: 400');
  });

  it('throws with the reason after a page whose link was removed', { tags: ['PX-14'] }, async () => {
    world.graph.respondWith((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(`{"@odata.nextLink":"${world.graph.origin}/v1.0/me/notes","value":[1]}`);
    });
    const pages = client.pages('/me/todo/lists');
    expect((await pages.next()).value).toEqual({ value: [1] });
    await expect(pages.next()).rejects.toThrow('The link to the next page was removed: not-allowed');
    world.graph.respondWith(undefined);
  });
});
