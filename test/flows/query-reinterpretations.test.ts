import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Respond } from '@entra-bff/graph-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { signIn, startWorld, type World } from '../support/world.ts';

const scopes = ['User.Read'];
const policy = {
  features: {
    people: {
      title: 'People',
      signIn: true,
      rules: [
        { methods: ['GET'], path: '/v1.0/me', scopes },
        {
          methods: ['GET'],
          path: '/v1.0/users',
          query: {
            $select: { fields: ['id', 'displayName'], required: true },
            $filter: { fields: ['displayName'] },
            $top: { max: 5 },
            $skiptoken: true,
          },
          scopes,
        },
        { methods: ['GET'], path: '/v1.0/me/messages/{id}/$value', query: { $skiptoken: true }, scopes },
      ],
    },
  },
};
const folder = mkdtempSync(join(tmpdir(), 'policy-'));
let world: World;
let alice: UserAgent;
let ben: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  const worker = await world.startWorker({ environment: { GRAPH_POLICY_FILE: policyFile } });
  [alice, ben] = [worker.browser(), worker.browser()];
  await signIn(alice, { user: 'alice' });
  await signIn(ben, { user: 'ben' });
  world.graph.respondWith(respondTwiceDecoded);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

/** A page token of SharePoint, as Graph writes it into a link. */
const token = 'Paged%3dTRUE%26p_Name%3dR%2526D%252f%26p_ID%3d5';

/**
 * Simulates the part of Graph that decodes a query twice and splits it again. It returns the fields that were selected
 * or compared, and a link to the next page.
 */
const respondTwiceDecoded: Respond = ({ target, body }, response) => {
  response.setHeader('content-type', 'application/json;odata.metadata=minimal');
  if (target === '/v1.0/$batch') {
    const parts: { id: string; url: string }[] = JSON.parse(body.toString()).requests;
    const responses = parts.map(({ id, url }) => ({
      id,
      status: 200,
      headers: { 'Content-Type': 'application/json' },
      body: read(`/v1.0${url}`),
    }));
    response.end(JSON.stringify({ responses }));
    return;
  }
  response.end(JSON.stringify(read(target)));
};

function read(target: string) {
  const [path = '', query = ''] = target.split('?');
  const once = [...new URLSearchParams(query)].map(([name, value]) => `${name}=${value}`).join('&');
  const options = new Map(
    once.split('&').map((pair) => {
      const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(decodeAgain(pair)) ?? [];
      return [name, value];
    }),
  );
  const compared = (options.get('$filter') ?? '').replaceAll(/'(?:[^']|'')*'/g, '').match(/[a-z]\w+/gi) ?? [];
  const link = `${world.graph.origin}${path}?${query.replace(/&?\$skiptoken=.*/, '')}&$skiptoken=${token}`;
  return {
    '@odata.nextLink': link.replace('?&', '?'),
    fields: options.get('$select'),
    compared,
    page: options.get('$skiptoken'),
    value: [{ '@odata.nextLink': link }],
  };
}

const decodeAgain = (text: string) => text.replaceAll(/(?:%[0-9a-f]{2})+/gi, decodeURIComponent);

const users = '/api/graph/v1.0/users?$select=id';
const get = (browser: UserAgent, path: string) => browser.script('GET', path);
const json = ({ body }: WireAnswer) => JSON.parse(body);
const pathOf = (link: string) => link.slice(String(world.settings['PUBLIC_BASE_URL']).length);
async function batch(browser: UserAgent, url: string) {
  const body = JSON.stringify({ requests: [{ id: '1', method: 'GET', url }] });
  return browser.script('POST', '/api/graph/v1.0/$batch', {
    body,
    headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
  });
}

describe('a Graph that decodes twice and splits again', () => {
  it('receives only query options that the rule allows, alone and in a batch', {
    tags: ['PX-5', 'PX-6'],
  }, async () => {
    const hidden = [
      "$filter=displayName%20eq%20'x%2527%20or%20startswith(jobTitle,%2527C%2527)%20or%20displayName%20eq%20%2527'",
      "$filter=displayName%20eq%20'x%2527%26$select=jobTitle%26z=%2527'",
      '$skiptoken=x%26$select=jobTitle',
      '$skiptoken=x%2526$select=jobTitle',
      `$skiptoken=${token}`,
    ];
    for (const option of hidden) {
      const calls = world.graph.count();
      expect([400, 403], option).toContain((await get(alice, `${users}&${option}`)).status);
      const [part] = json(await batch(alice, `/users?$select=id&${option}`)).responses;
      expect([400, 403], option).toContain(part.status);
      expect(world.graph.count()).toBe(calls);
    }
    const answer = json(await get(alice, `${users}&$filter=displayName%20eq%20'x%25'`));
    expect(answer).toMatchObject({ fields: 'id', compared: ['displayName', 'eq'] });
  });

  it('returns page links that only the same user can follow, unchanged', {
    tags: ['PX-14'],
  }, async () => {
    const first = json(await get(alice, users));
    expect(first.value).toEqual([{}]);
    const next = pathOf(first['@odata.nextLink']);
    const second = await get(alice, next);
    expect(world.graph.requests.at(-1)?.target).toBe(`/v1.0/users?$select=id&$skiptoken=${token}`);
    expect((await get(alice, pathOf(json(second)['@odata.nextLink']))).status).toBe(200);
    const calls = world.graph.count();
    const typed = await get(alice, next.replace(/&bff_link=.*/, ''));
    expect([typed.status, json(typed).code]).toEqual([400, 'request_invalid']);
    for (const [browser, path] of [
      [ben, next],
      [alice, next.replace('$select=id', '$select=displayName')],
      [alice, next.replace(/bff_link=.*/, `bff_link=${'A'.repeat(43)}`)],
    ] as const) {
      const answer = await get(browser, path);
      expect([answer.status, json(answer).code]).toEqual([403, 'path_not_allowed']);
    }
    expect(world.graph.count()).toBe(calls);
  });

  it('returns page links in a batch, and a part of a batch can follow one', {
    tags: ['PX-6', 'PX-14'],
  }, async () => {
    const [part] = json(await batch(alice, '/users?$select=id')).responses;
    const next = pathOf(part.body['@odata.nextLink']);
    expect((await get(alice, next)).status).toBe(200);
    const url = next.replace('/api/graph/v1.0', '');
    expect(json(await batch(ben, url)).responses).toMatchObject([
      { status: 403, body: { code: 'path_not_allowed' } },
    ]);
    const [followed] = json(await batch(alice, url)).responses;
    expect(followed.status).toBe(200);
    expect(JSON.parse(world.graph.requests.at(-1)?.body.toString() ?? '').requests[0].url).toBe(
      `/users?$select=id&$skiptoken=${token}`,
    );
  });

  it('returns no page link for a text that a sender wrote into an attachment', {
    tags: ['PX-14'],
  }, async () => {
    const attachment = '/me/messages/A1=/$value';
    expect(json(await get(alice, `/api/graph/v1.0${attachment}`))['@odata.nextLink']).toBeUndefined();
    const [part] = json(await batch(alice, attachment)).responses;
    expect(part.body['@odata.nextLink']).toBeUndefined();
  });
});
