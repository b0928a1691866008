import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withSentIds } from '../support/batch-answer.ts';
import { sendWire, type UserAgent, type WireAnswer } from '../support/user-agent.ts';
import { signIn, startWorld, type Worker, type World } from '../support/world.ts';

const mail = ['Mail.Read'];
const files = ['Files.ReadWrite'];
const policy = {
  features: {
    profile: {
      title: 'Profile',
      signIn: true,
      rules: [{ methods: ['GET'], path: '/v1.0/me', scopes: ['User.Read'] }],
    },
    mail: {
      title: 'Mail',
      signIn: true,
      rules: [
        {
          methods: ['GET'],
          path: '/v1.0/me/messages',
          query: { $select: true, $top: true, $skip: true },
          scopes: mail,
        },
        { methods: ['POST'], path: '/v1.0/me/messages', scopes: mail },
        { methods: ['GET'], path: '/v1.0/me/messages/{id}', scopes: mail },
        {
          methods: ['GET'],
          path: '/v1.0/me/mailFolders/inbox/messages/delta',
          query: { $select: true, $skiptoken: true, $deltatoken: true },
          scopes: mail,
        },
      ],
    },
    files: {
      title: 'Files',
      signIn: true,
      rules: [
        {
          methods: ['GET'],
          path: '/v1.0/me/drive/root/children',
          query: { $top: true, $skiptoken: true },
          scopes: files,
          fileLinks: true,
        },
        {
          methods: ['GET', 'HEAD'],
          path: '/v1.0/me/drive/items/{id}/content',
          scopes: files,
          fileLinks: true,
        },
        { methods: ['GET'], path: '/v1.0/me/drive/items/{id}/thumbnails', scopes: files },
        {
          methods: ['POST'],
          path: '/v1.0/me/drive/root:/{name}:/createUploadSession',
          scopes: files,
          fileLinks: true,
        },
      ],
    },
  },
};
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
let world: World;
let worker: Worker;
let browser: UserAgent;
let evil: Server;
let evilHits = 0;
let evilOrigin: string;

beforeAll(async () => {
  world = await startWorld();
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  worker = await world.startWorker({ environment: { GRAPH_POLICY_FILE: policyFile } });
  browser = worker.browser();
  await signIn(browser, { user: 'alice' });
  evil = createServer((_request, response) => {
    evilHits++;
    response.end();
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  evilOrigin = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
});
afterAll(async () => {
  evil.close();
  rmSync(folder, { recursive: true });
  await world.close();
});
afterEach(() => {
  world.graph.respondWith(undefined);
  world.graph.requests.length = 0;
  expect(evilHits).toBe(0);
});

const get = (path: string) => browser.script('GET', path);
const post = (path: string, body: unknown) => {
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': String(text.length) };
  return browser.script('POST', path, { body: text, headers });
};
const json = ({ body }: WireAnswer) => JSON.parse(body);
const codeOf = (answer: WireAnswer) => [answer.status, json(answer).code];

/** Returns path and query of a link to this service. */
function pathOf(link: string): string {
  const prefix = `${world.settings['PUBLIC_BASE_URL']}/api/graph/`;
  expect(link.startsWith(prefix), link).toBe(true);
  return link.slice(prefix.length - '/api/graph/'.length);
}

/** Requests everything in a response that looks like an address, as a browser could. */
async function followAll(value: unknown): Promise<string[]> {
  const links = JSON.stringify(value).match(/https?:\/\/[^"\\\s]+/g) ?? [];
  for (const link of links) {
    const { origin, pathname, search } = new URL(link);
    await sendWire(origin, pathname + search);
  }
  return links;
}

describe('pages of a list', () => {
  it('can be read to the end by their unchanged links', { tags: ['PX-14'] }, async () => {
    const ids = new Set<string>();
    let path: string | undefined = '/api/graph/v1.0/me/messages?$select=subject&$top=10';
    let pages = 0;
    while (path !== undefined) {
      const page = json(await get(path));
      for (const { id } of page.value) ids.add(id);
      path = page['@odata.nextLink'] && pathOf(page['@odata.nextLink']);
      pages++;
    }
    expect([pages, ids.size]).toEqual([4, 35]);
    expect(world.graph.requests.at(-1)?.target).toMatch(/^\/v1\.0\/me\/messages\?.*skip=30/);
  });

  it('and of changes can be read to the end, although Graph writes the folder in parentheses', {
    tags: ['PX-14'],
  }, async () => {
    let page = json(await get('/api/graph/v1.0/me/mailFolders/inbox/messages/delta?$select=subject'));
    while (page['@odata.nextLink'] !== undefined) page = json(await get(pathOf(page['@odata.nextLink'])));
    const changes = await get(pathOf(page['@odata.deltaLink']));
    expect(json(changes)).toMatchObject({ value: [], '@odata.deltaLink': expect.any(String) });
  });

  it('in a batch have links that follow the rule of their part', async () => {
    const requests = [
      { id: 'm', method: 'GET', url: '/me/messages?$top=5' },
      { id: 'f', method: 'GET', url: '/me/drive/root/children' },
    ];
    const { responses } = json(await post('/api/graph/v1.0/$batch', { requests }));
    expect((await get(pathOf(responses[0].body['@odata.nextLink']))).status).toBe(200);
    expect(responses[1].body.value[0]['@microsoft.graph.downloadUrl']).toMatch(
      `${world.graph.origin}/files/`,
    );
  });

  it('have their next link although the rule names another option for it', { tags: ['PX-14'] }, async () => {
    world.graph.respondWith(({ target }, response) => {
      const next = `${world.graph.origin}/v1.0/me/messages?$skiptoken=x`;
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify(target.includes('skip') ? { value: [target] } : { '@odata.nextLink': next }),
      );
    });
    const { '@odata.nextLink': next } = json(await get('/api/graph/v1.0/me/messages'));
    expect(json(await get(pathOf(next)))).toEqual({ value: ['/v1.0/me/messages?$skiptoken=x'] });
    expect(codeOf(await get('/api/graph/v1.0/me/messages?$skiptoken=x'))).toEqual([403, 'path_not_allowed']);
  });

  it('lose a next link that the policy does not allow, with the reason in the response and in the log', {
    tags: ['PX-14'],
  }, async () => {
    world.graph.respondWith((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.setHeader('bff-removed-links', 'nextLink=forged');
      response.end(`{"@odata.nextLink":"${world.graph.origin}/v1.0/me/notes?$skiptoken=x","value":[]}`);
    });
    const answer = await get('/api/graph/v1.0/me/messages');
    expect([answer.body, answer.headers['bff-removed-links']]).toEqual([
      '{"value":[]}',
      'nextLink=not-allowed',
    ]);
    const line = worker.logLines.findLast((one) => one.includes('link-removed'));
    expect(line).toContain('"name":"odata.nextLink","reason":"not-allowed","feature":"mail"');
    expect(line).not.toContain('skiptoken');
  });

  it('in a batch have the reason in the headers of their part, and no header of Graph there', {
    tags: ['PX-6', 'PX-14'],
  }, async () => {
    const links = [`${world.graph.origin}/v1.0/me/notes`, `${world.graph.origin}/v1.0/me/messages?$skip=1`];
    world.graph.respondWith(({ body }, response) => {
      const responses = links.map((link, at) => ({
        id: `${at + 1}`,
        status: 200,
        headers: { 'Content-Type': 'application/json', 'Bff-Removed-Links': 'nextLink=forged' },
        body: { '@odata.nextLink': link, value: [] },
      }));
      response
        .writeHead(200, { 'content-type': 'application/json', 'bff-removed-links': 'nextLink=forged' })
        .end(withSentIds(body, JSON.stringify({ responses })));
    });
    const requests = ['a', 'b'].map((id) => ({ id, method: 'GET', url: '/me/messages' }));
    const answer = await post('/api/graph/v1.0/$batch', { requests });
    expect(answer.headers['bff-removed-links']).toBeUndefined();
    expect(json(answer).responses).toEqual([
      {
        id: 'a',
        status: 200,
        headers: { 'Content-Type': 'application/json', 'bff-removed-links': 'nextLink=not-allowed' },
        body: { value: [] },
      },
      {
        id: 'b',
        status: 200,
        headers: { 'Content-Type': 'application/json' },
        body: { '@odata.nextLink': expect.stringContaining('$skip=1'), value: [] },
      },
    ]);
  });

  it('count together for all parts of a batch, which the worker edits without a pause', {
    tags: ['PX-6', 'DO-3'],
  }, async () => {
    const links = Array.from({ length: 3000 }, (_, at) => [
      `a${at}@odata.nextLink`,
      `${world.graph.origin}/v1.0/x`,
    ]);
    const many = Object.fromEntries(links);
    world.graph.respondWith(({ body }, response) => {
      const bodies = [many, many, { value: [] }];
      const responses = bodies.map((body, at) => ({ id: `${at + 1}`, status: 200, headers: {}, body }));
      response.setHeader('content-type', 'application/json');
      response.end(withSentIds(body, JSON.stringify({ responses })));
    });
    const requests = ['a', 'b', 'c'].map((id) => ({ id, method: 'GET', url: '/me/messages' }));
    const { responses } = json(await post('/api/graph/v1.0/$batch', { requests }));
    expect(responses).toMatchObject([
      { status: 200, body: {} },
      { status: 502, body: { code: 'upstream_answer_refused' } },
      { status: 200, body: { value: [] } },
    ]);
  });

  it.each([
    ['a token that the policy refuses', '$deltatoken=a%2526b'],
    ['options that differ from those of the call', '$skiptoken=a%26b&$select=id'],
  ])('of changes begin again at the Location of a 410 with %s', { tags: ['PX-14'] }, async (_what, query) => {
    const list = '/v1.0/me/mailFolders/inbox/messages/delta';
    const location = `${world.graph.origin}/v1.0/me/mailfolders('inbox')/messages/delta?${query}`;
    world.graph.respondWith(({ target }, response) => {
      response.setHeader('content-type', 'application/json');
      if (target.includes('expired')) response.writeHead(410, { location }).end('{"error":{}}');
      else response.end(JSON.stringify({ value: [target] }));
    });
    const gone = await get(`/api/graph${list}?$deltatoken=expired`);
    expect([gone.status, json(await get(pathOf(gone.headers.location ?? '')))]).toEqual([
      410,
      { value: [`${list}?${query}`] },
    ]);
    const requests = [{ id: '1', method: 'GET', url: `${list.slice(5)}?$deltatoken=expired` }];
    world.graph.respondWith(({ body, target }, response) => {
      const responses = [{ id: '1', status: 410, headers: { Location: location }, body: {} }];
      response.setHeader('content-type', 'application/json');
      const batch = () => withSentIds(body, JSON.stringify({ responses }));
      response.end(target.endsWith('$batch') ? batch() : JSON.stringify({ value: [target] }));
    });
    const { responses } = json(await post('/api/graph/v1.0/$batch', { requests }));
    expect(json(await get(pathOf(responses[0].headers.Location)))).toEqual({ value: [`${list}?${query}`] });
  });

  it.each([
    ['another list', '/v1.0/me/messages?$skip=1%26'],
    [
      'an option that the rule does not name',
      '/v1.0/me/mailFolders/inbox/messages/delta?$top=1&$deltatoken=a',
    ],
    ['a list that no rule names', '/v1.0/me/notes?$deltatoken=a'],
  ])(
    'of changes lose the Location of a 410 that leads to %s, with a log entry',
    {
      tags: ['PX-14'],
    },
    async (_what, target) => {
      world.graph.respondWith((_request, response) => {
        response.writeHead(410, { location: `${world.graph.origin}${target}` }).end('{}');
      });
      const before = worker.logLines.length;
      const gone = await get('/api/graph/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=expired');
      expect([gone.status, gone.headers.location]).toEqual([410, undefined]);
      const lines = worker.logLines.slice(before).filter((one) => one.includes('link-removed'));
      expect(lines).toEqual([expect.stringContaining('"name":"location","reason":"')]);
    },
  );
});

describe('links to other hosts', { tags: ['PX-14'] }, () => {
  it('are removed from body and headers of an answer, nested or not', async () => {
    const host = new URL(evilOrigin).host;
    const hostile = [
      `${evilOrigin}/v1.0/me/messages`,
      `${world.graph.origin}@${host}/v1.0/me/messages`,
      `${world.graph.origin}.${host}/v1.0/me/messages`,
      `http://x:y@${host}/v1.0/me/messages`,
      `//${host}/v1.0/me/messages`,
      `HTTP://${host}/v1.0/me/messages`,
      `${world.graph.origin}/v1.0/me/messages/../../..//${host}`,
      `${world.graph.origin}/v1.0//${host}`,
    ];
    for (const link of hostile) {
      const links = {
        '@odata.nextLink': link,
        '@odata.deltaLink': link,
        'x@odata.nextLink': link,
        '@microsoft.graph.downloadUrl': link,
        '@content.downloadUrl': link,
        uploadUrl: link,
      };
      const body = { ...links, value: [{ ...links, id: 1, inner: [links, [links]] }] };
      for (const status of [200, 201, 202, 400]) {
        world.graph.respondWith((_request, response) => {
          response.writeHead(status, {
            'content-type': 'application/json',
            location: link,
            link: `<${link}>`,
          });
          response.end(JSON.stringify(body));
        });
        const answer = await get('/api/graph/v1.0/me/drive/root/children');
        expect(json(answer)).toEqual({ value: [{ id: 1, inner: [{}, [{}]] }] });
        expect(answer.headers.location).toBeUndefined();
        expect(await followAll([json(answer), answer.headers])).toEqual([]);
      }
    }
  });

  it('are removed from the parts of a batch', async () => {
    const headers = { 'Content-Type': 'application/json', Location: `${evilOrigin}/x` };
    const body = { '@odata.nextLink': `${evilOrigin}/x`, value: [{ uploadUrl: `${evilOrigin}/x` }] };
    const statuses = [200, 201, 202, 302, 307];
    world.graph.respondWith((request, response) => {
      const responses = statuses.map((status, at) => ({ id: `${at + 1}`, status, headers, body }));
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(withSentIds(request.body, JSON.stringify({ responses })));
    });
    const requests = statuses.map((status) => ({
      id: `${status}`,
      method: 'GET',
      url: 'me/drive/root/children',
    }));
    const answer = await post('/api/graph/v1.0/$batch', { requests });
    expect(json(answer).responses).toMatchObject(
      statuses.map((status) => ({ status: status < 300 ? status : 502 })),
    );
    expect(await followAll(json(answer))).toEqual([]);
  });

  it.each([201, 202, 410])('do not include a Location of Graph, which leads here: %i', async (status) => {
    world.graph.respondWith((_request, response) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        location: `${world.graph.origin}/v1.0/me/messages('AAMk1=')`,
      });
      response.end('{"id":"AAMk1="}');
    });
    const { headers } = await post('/api/graph/v1.0/me/messages', {});
    expect(pathOf(headers.location ?? '')).toBe("/api/graph/v1.0/me/messages('AAMk1=')");
  });
});

describe('files', () => {
  const children = '/api/graph/v1.0/me/drive/root/children';
  const listed = async (): Promise<{ id: string; name: string; '@microsoft.graph.downloadUrl': string }[]> =>
    json(await get(children)).value;
  const read = async (address: string) => {
    const { origin, pathname, search } = new URL(address);
    return (await sendWire(origin, pathname + search)).body;
  };

  it('are read directly from the address that Graph returns', async () => {
    const [budget] = await listed();
    expect(await read(budget?.['@microsoft.graph.downloadUrl'] ?? '')).toContain('Travel,1200');
    const content = await get(`/api/graph/v1.0/me/drive/items/${budget?.id}/content`);
    expect([content.status, content.headers['content-type'], content.headers.location]).toEqual([
      200,
      'application/json',
      undefined,
    ]);
    expect(content.headers['bff-file-url']).toBe('1');
    const head = await browser.script('HEAD', `/api/graph/v1.0/me/drive/items/${budget?.id}/content`);
    expect([head.status, head.headers['bff-file-url'], head.body]).toEqual([200, '1', '']);
    const { '@microsoft.graph.downloadUrl': address, ...rest } = json(content);
    expect(rest).toEqual({});
    expect(await read(address)).toContain('Travel,1200');
  });

  it('in a batch have a 302 whose Location a script can read', async () => {
    const [budget] = await listed();
    const requests = [{ id: '1', method: 'GET', url: `/me/drive/items/${budget?.id}/content` }];
    const { responses } = json(await post('/api/graph/v1.0/$batch', { requests }));
    expect(responses).toEqual([{ id: '1', status: 302, headers: { Location: expect.any(String) } }]);
    expect(await read(responses[0].headers.Location)).toContain('Travel,1200');
  });

  it('are written directly to the address of an upload session', async () => {
    const session = await post('/api/graph/v1.0/me/drive/root:/Report.txt:/createUploadSession', {});
    const { origin, pathname, search } = new URL(json(session).uploadUrl);
    for (const [range, body, status] of [
      ['bytes 0-4/11', 'Hello', 202],
      ['bytes 5-10/11', ' there', 201],
    ] as const) {
      const headers = { 'content-range': range, 'content-length': String(body.length) };
      expect((await sendWire(origin, pathname + search, { method: 'PUT', body, headers })).status).toBe(
        status,
      );
    }
    const report = (await listed()).find(({ name }) => name === 'Report.txt');
    expect(await read(report?.['@microsoft.graph.downloadUrl'] ?? '')).toBe('Hello there');
  });

  it.each([301, 302, 303, 307, 308])(
    'are refused if a %s redirect leads to another host',
    { tags: ['PX-11'] },
    async (status) => {
      world.graph.respondWith((_request, response) => {
        response.writeHead(status, { location: `${evilOrigin}/x` }).end();
      });
      const answer = await get('/api/graph/v1.0/me/drive/items/A1/content');
      expect(codeOf(answer)).toEqual([502, 'upstream_answer_refused']);
      expect(answer.body).not.toContain(evilOrigin);
    },
  );

  it('of a rule without fileLinks have neither an address nor a redirect', {
    tags: ['PX-11'],
  }, async () => {
    const address = `${world.graph.origin}/files/x`;
    world.graph.respondWith((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ '@microsoft.graph.downloadUrl': address }));
    });
    const thumbnails = '/api/graph/v1.0/me/drive/items/A1/thumbnails';
    expect((await get(thumbnails)).body).toBe('{}');
    world.graph.respondWith(
      (_request, response) => void response.writeHead(302, { location: address }).end(),
    );
    expect(codeOf(await get(thumbnails))).toEqual([502, 'upstream_answer_refused']);
    expect((await browser.script('HEAD', thumbnails)).status).toBe(502);
  });

  it('have thumbnails without their addresses, which contain a token, alone and in a batch', {
    tags: ['PX-14'],
  }, async () => {
    const address = 'https://contoso-my.sharepoint.com/_layouts/15/getpreview.ashx?docid=1&tempauth=eyJ0';
    const thumbnail = { id: '0', small: { height: 96, url: address, width: 96 } };
    const mail = { body: { contentType: 'html', content: `<a href="${address}">the file</a>` } };
    const answer = { value: [thumbnail], mail };
    const left = { value: [{ id: '0', small: { height: 96, width: 96 } }], mail };
    world.graph.respondWith(({ target, body }, response) => {
      response.setHeader('content-type', 'application/json');
      const parts = ['1', '2'].map((id) => ({ id, status: 200, headers: {}, body: answer }));
      const batch = () => withSentIds(body, JSON.stringify({ responses: parts }));
      response.end(target.endsWith('$batch') ? batch() : JSON.stringify(answer));
    });
    const thumbnails = '/me/drive/items/A1/thumbnails';
    expect(json(await get(`/api/graph/v1.0${thumbnails}`))).toEqual(left);
    expect(json(await get('/api/graph/v1.0/me/drive/root/children'))).toEqual(answer);
    const requests = [thumbnails, '/me/drive/root/children'].map((url, at) => ({
      id: String(at + 1),
      method: 'GET',
      url,
    }));
    const { responses } = json(await post('/api/graph/v1.0/$batch', { requests }));
    expect(responses.map(({ body }: { body: unknown }) => body)).toEqual([left, answer]);
  });
});
