import { describe, expect, it } from 'vitest';
import { BffProblem } from '../../client/client.ts';
import { callsOf, openPage, origin, problemAnswer, type Sent, thrownBy } from './fake-page.ts';

const root = `${origin}/api/graph`;
const list = '/v1.0/me/messages';

/** Answers the first call with the first page, and so on. */
function openList(...pages: readonly (object | Response)[]) {
  const left = [...pages];
  return openPage({
    answer: ({ path }) => {
      if (path.endsWith('/auth/session'))
        return Response.json({ signed_in: false, login_url: '/api/auth/login' });
      const page = left.shift() ?? {};
      return page instanceof Response ? page : Response.json(page);
    },
  });
}

const withHeader = (page: object, removedLinks: string) =>
  Response.json(page, { headers: { 'bff-removed-links': removedLinks } });

async function collect(pages: AsyncIterable<unknown>): Promise<{ pages: unknown[]; error: unknown }> {
  const read: unknown[] = [];
  const all = async () => {
    for await (const page of pages) read.push(page);
  };
  return { pages: read, error: await thrownBy(all()) };
}

describe('pages', () => {
  it('follows the links to the end, with the headers of each call', async () => {
    const first = { value: [1], '@odata.nextLink': `${root}${list}?$skip=1` };
    const second = { value: [], '@odata.nextLink': `${root}${list}?$skip=2` };
    const last = { value: [2], '@odata.deltaLink': `${root}${list}?$deltatoken=x` };
    const { client, page } = openList(first, second, last);
    const headers = { Prefer: 'return=minimal' };
    const { pages, error } = await collect(client.pages('/me/messages', { headers }));
    expect([pages, error]).toEqual([[first, second, last], undefined]);
    expect(callsOf(page).map(({ path, headers }) => [path, headers.get('prefer')])).toEqual([
      [`/api/graph${list}`, 'return=minimal'],
      [`/api/graph${list}?$skip=1`, 'return=minimal'],
      [`/api/graph${list}?$skip=2`, 'return=minimal'],
    ]);
  });

  it('reads no further page than the loop asks for', async () => {
    const { client, page } = openList({ value: [1], '@odata.nextLink': `${root}${list}?$skip=1` });
    for await (const one of client.pages('/me/messages')) {
      expect(one.value).toEqual([1]);
      break;
    }
    expect(callsOf(page)).toHaveLength(1);
  });

  it('throws a problem of the service, and an error with the response of Graph', async () => {
    const next = { value: [1], '@odata.nextLink': `${root}${list}?$skip=1` };
    const refused = await collect(
      openList(next, problemAnswer({ code: 'path_not_allowed' }, 403)).client.pages('/me/messages'),
    );
    expect([refused.pages, refused.error]).toEqual([[next], expect.any(BffProblem)]);
    const gone = await collect(
      openList(next, new Response('{}', { status: 410 })).client.pages('/me/messages'),
    );
    expect(gone).toMatchObject({
      pages: [next],
      error: { message: 'Graph: 410', cause: { status: 410, bodyUsed: false } },
    });
  });

  it.each([
    'nextLink=not-allowed',
    'deltaLink=not-allowed',
    'nested-nextLink=other-host, nextLink=not-allowed',
  ])('throws after a page with a removed link: %s', async (removedLinks) => {
    const { client } = openList(withHeader({ value: [1] }, removedLinks));
    expect(await collect(client.pages('/me/messages'))).toEqual({
      pages: [{ value: [1] }],
      error: new Error('The link to the next page was removed: not-allowed'),
    });
  });

  it('does not throw if a link inside of the page was removed', async () => {
    const { client } = openList(withHeader({ value: [1] }, 'nested-nextLink=unverified'));
    expect(await collect(client.pages('/me/messages'))).toEqual({
      pages: [{ value: [1] }],
      error: undefined,
    });
  });

  it('does not follow a link to another origin', async () => {
    const { client, page } = openList({ value: [], '@odata.nextLink': 'https://evil.example/v1.0/me' });
    const { error } = await collect(client.pages('/me/messages'));
    expect([error, callsOf(page).length]).toEqual([expect.any(TypeError), 1]);
  });
});

describe('a link that is too long for the address', () => {
  const longLink = `${list}?$skiptoken=${'x'.repeat(9_000)}&bff_link=abc`;
  const shown = ({ path, headers }: Sent) => [path, headers.get('x-graph-link'), headers.get('x-csrf')];

  it.each([
    ['a text', `${root}${longLink}`],
    ['a path', `/api/graph${longLink}`],
    ['a URL', new URL(`${root}${longLink}`)],
    ['a Request', new Request(`${root}${longLink}`)],
  ])('is sent in a header: %s', async (_what, input) => {
    for (const method of ['graph', 'fetch'] as const) {
      const { client, page } = openPage();
      await client[method](input);
      expect(callsOf(page).map(shown)).toEqual([[`/api/graph${list}`, longLink, '1']]);
    }
  });

  it('keeps the members of a Request', async () => {
    const { client, page } = openPage();
    const headers = { Prefer: 'return=minimal' };
    await client.graph(new Request(`${root}${longLink}`, { headers, cache: 'no-store' }));
    const [sent] = callsOf(page);
    expect([sent?.headers.get('prefer'), sent?.request?.cache]).toEqual(['return=minimal', 'no-store']);
  });

  it('replaces a header that the caller has set', async () => {
    const headers = { 'X-Graph-Link': '/v1.0/me' };
    for (const input of [root + longLink, new Request(root + longLink, { headers })]) {
      const { client, page } = openPage();
      await client.graph(input, { headers });
      expect(callsOf(page).map(shown)).toEqual([[`/api/graph${list}`, longLink, '1']]);
    }
  });

  it('is sent to no other origin', { tags: ['PX-2'] }, async () => {
    const evil = `https://evil.example/api/graph${longLink}`;
    const { client, page } = openPage();
    for (const input of [
      evil,
      new URL(evil),
      new Request(evil),
      evil.slice(6),
      evil.replace('//', `//${origin}@`),
    ])
      expect(await thrownBy(client.fetch(input))).toBeInstanceOf(TypeError);
    expect(callsOf(page)).toEqual([]);
  });

  it('is followed by pages', async () => {
    const { client, page } = openList({ value: [1], '@odata.nextLink': root + longLink }, { value: [2] });
    expect((await collect(client.pages('/me/messages'))).pages).toHaveLength(2);
    expect(shown(callsOf(page)[1] as Sent)).toEqual([`/api/graph${list}`, longLink, '1']);
  });

  it.each([
    ['a short link', `/api/graph${list}?$skiptoken=x&bff_link=abc`],
    ['a long link without a code', `/api/graph${list}?$skiptoken=${'x'.repeat(9_000)}`],
    ['another path', `/api/orders?bff_link=${'x'.repeat(9_000)}`],
  ])('is left in the address if it is %s', async (_what, path) => {
    const { client, page } = openPage();
    await client.fetch(path);
    expect(callsOf(page).map(shown)).toEqual([[path, null, '1']]);
  });
});
