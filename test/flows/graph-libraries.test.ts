import { demoClient, demoDirectory } from '@entra-bff/directory';
import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  GraphError,
  PageIterator,
} from '@microsoft/microsoft-graph-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphClientMiddleware, pnpBehavior } from '../../client/graph.ts';
import type { Page } from '../../client/page.ts';
import { callbackAddress, knownAtEntra } from '../support/callback-address.ts';
import { settlePnpBatch } from '../support/pnp-batch.js';
import type { UserAgent } from '../support/user-agent.ts';
import { signIn, startWorld, type World } from '../support/world.ts';

const publicBaseUrl = 'https://app.example';
const registrations = demoDirectory.registrations.map((registration) => ({
  ...registration,
  redirectUris: [...registration.redirectUris, `${publicBaseUrl}/api/auth/callback`],
}));
let world: World;
let browser: UserAgent;
let graph: Client;
/** Sends a library's request as the page would. */
let client: { fetch(address: string | URL | Request, init?: RequestInit): Promise<Response> };
const page = {
  location: { origin: publicBaseUrl },
  fetch: () => Promise.reject(new Error('another origin')),
} as unknown as Pick<Page, 'fetch' | 'location'>;

beforeAll(async () => {
  world = await startWorld({ ...demoDirectory, registrations });
  const { tenantId, clientId } = demoClient;
  const scopes = ['openid', 'profile', 'offline_access', 'User.Read', 'Mail.Read'];
  world.entra.consents.grant({ tenantId, clientId, scopes });
  const plain = await world.startWorker();
  // Requests arrive as from a front door that terminates TLS.
  const { origin } = await world.startWorker({ environment: { PUBLIC_BASE_URL: publicBaseUrl } });
  const known = plain.browser();
  await signIn(known, { user: 'alice' });
  browser = knownAtEntra(known);
  const callback = await callbackAddress(browser, `${origin}/api/auth/login?feature=mail`);
  await browser.request(`${origin}${callback.pathname}${callback.search}`);
  const send = async (address: string | URL | Request, init: RequestInit = {}) => {
    const { pathname, search } = new URL(String(address), publicBaseUrl);
    const { method = 'GET', body, headers } = init;
    const text = typeof body === 'string' ? body : undefined;
    const answer = await browser.request(origin + pathname + search, {
      method,
      headers: {
        ...Object.fromEntries(new Headers(headers)),
        'x-csrf': '1',
        ...(text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }),
      },
      ...(text === undefined ? {} : { body: text }),
    });
    const type = answer.headers['content-type'] ?? '';
    const code = answer.headers['bff-problem'];
    return new Response(answer.body, {
      status: answer.status,
      headers: { 'content-type': type, ...(typeof code === 'string' && { 'bff-problem': code }) },
    });
  };
  client = { fetch: send };
  graph = Client.initWithMiddleware({ middleware: graphClientMiddleware(client, { page }) });
});
afterAll(() => world.close());

describe('@microsoft/microsoft-graph-client with a service behind https', () => {
  it('pages with its unchanged iterator', { tags: ['PX-14'] }, async () => {
    const subjects: unknown[] = [];
    const firstPage = await graph.api('/me/messages').select('subject').top(10).get();
    const pages = new PageIterator(graph, firstPage, ({ subject }) => subjects.push(subject) > 0);
    await pages.iterate();
    expect([pages.isComplete(), subjects.length]).toEqual([true, 35]);
  });

  it('pages with page links whose token is encoded more than once', {
    tags: ['PX-14'],
  }, async () => {
    const token = 'Paged%3dTRUE%26p_Name%3dR%2526D%252f%26p_ID%3d5';
    world.graph.respondWith(({ target }, response) => {
      const isLast = target.includes('skiptoken');
      const next = { '@odata.nextLink': `${world.graph.origin}${target}&$skiptoken=${token}` };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...(isLast ? {} : next), value: [{ subject: target }] }));
    });
    const subjects: string[] = [];
    const first = await graph.api('/me/messages').select('subject').filter("subject eq 'x'").top(5).get();
    await new PageIterator(graph, first, ({ subject }) => subjects.push(subject) > 0).iterate();
    world.graph.respondWith(undefined);
    expect(subjects).toHaveLength(2);
    expect(subjects[1]).toContain(`$skiptoken=${token}`);
    expect(subjects[1]).not.toContain('bff_link');
  });

  it('batches with its own classes, in all three orders of its parts', { tags: ['PX-6'] }, async () => {
    const part = (id: string, path: string, dependsOn: string[] = []) => ({
      id,
      request: new Request(`${publicBaseUrl}${path}`),
      dependsOn,
    });
    for (const orders of [
      [[], [], []],
      [[], ['a'], ['b']],
      [[], ['a'], ['a']],
    ]) {
      const content = new BatchRequestContent([
        part('a', '/me?$select=displayName', orders[0]),
        part('b', '/me/photo/$value', orders[1]),
        part('c', '/me/messages?$top=1', orders[2]),
      ]);
      const answer = new BatchResponseContent(await graph.api('/$batch').post(await content.getContent()));
      expect(await answer.getResponseById('a').json()).toMatchObject({ displayName: 'Alice Adams' });
      expect(await answer.getResponseById('b').text()).toMatch(/^iVBOR/);
      const { '@odata.nextLink': next } = await answer.getResponseById('c').json();
      expect((await graph.api(next).get()).value).toHaveLength(1);
    }
  });

  it('throws a refusal with its code, its message and where the user can resolve it', async () => {
    const error: unknown = await graph
      .api('/me/calendars')
      .get()
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof GraphError)) throw new Error('not a GraphError');
    expect(error).toMatchObject({ statusCode: 401, code: 'interaction_required' });
    expect(error.message).not.toBe('');
    expect(error.requestId).toMatch(/^[\da-f-]{36}$/);
    expect(new Headers(error.headers).get('bff-problem')).toBe('interaction_required');
    expect(JSON.parse(error.body).innerError).toMatchObject({
      reason: 'consent_required',
      feature: 'calendar',
      scopes: ['Calendars.Read'],
      login_url: expect.stringMatching(/^\/api\/auth\/login\?/),
    });
  });

  it('reads the refused part of a batch, and the others', { tags: ['PX-6'] }, async () => {
    const content = new BatchRequestContent([
      { id: 'a', request: new Request(`${publicBaseUrl}/me?$select=displayName`) },
      { id: 'b', request: new Request(`${publicBaseUrl}/auditLogs/signIns`), dependsOn: ['a'] },
      { id: 'c', request: new Request(`${publicBaseUrl}/me`), dependsOn: ['b'] },
    ]);
    const answer = new BatchResponseContent(await graph.api('/$batch').post(await content.getContent()));
    expect(await answer.getResponseById('a').json()).toEqual(
      expect.objectContaining({ displayName: 'Alice Adams' }),
    );
    const [refused, dependant] = [answer.getResponseById('b'), answer.getResponseById('c')];
    expect([refused.status, refused.headers.get('bff-problem')]).toEqual([403, 'path_not_allowed']);
    expect(await refused.json()).toMatchObject({ error: { code: 'path_not_allowed' } });
    expect(dependant.status).toBe(424);
  });

  it('reads the problem in a part like an error of Graph', async () => {
    world.graph.respondWith((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"responses":[]}');
    });
    const content = new BatchRequestContent([{ id: 'a', request: new Request(`${publicBaseUrl}/me`) }]);
    const answer = new BatchResponseContent(await graph.api('/$batch').post(await content.getContent()));
    world.graph.respondWith(undefined);
    const part = answer.getResponseById('a');
    expect(part.status).toBe(502);
    expect(await part.json()).toMatchObject({ error: { code: 'upstream_answer_refused' } });
  });
});

describe('PnPjs', () => {
  it('settles every call of a batch with a refused part', { tags: ['PX-6'] }, async () => {
    const [me, users, messages] = await settlePnpBatch(pnpBehavior(client, { page }));
    expect(me).toMatchObject({ status: 'fulfilled', value: { displayName: 'Alice Adams' } });
    expect(messages).toMatchObject({ status: 'fulfilled', value: [{ subject: expect.any(String) }] });
    expect(users).toMatchObject({ status: 'rejected', reason: { status: 403 } });
  });
});
