import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPage } from '../support/open-page.ts';
import { signedIn } from './fake-page.ts';

const clientSource = readFileSync(fileURLToPath(new URL('../../.build/client.js', import.meta.url)), 'utf8');
const ben = signedIn({ username: 'ben@contoso.example', session_tag: 'tag-of-ben' });
let site: Server;
let session: object = signedIn();
/** Responses of which only the first half has been sent. */
const halves: ServerResponse[] = [];

beforeAll(async () => {
  site = createServer((request, response) => {
    const send = (type: string, body: string) => response.writeHead(200, { 'content-type': type }).end(body);
    if (request.url === '/api/auth/client.js') send('text/javascript', clientSource);
    else if (request.url === '/api/auth/session') send('application/json', JSON.stringify(session));
    else if (!request.url?.startsWith('/api/graph/')) send('text/html', '<!doctype html><title>App</title>');
    else {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"value":');
      halves.push(response);
    }
  });
  await new Promise<void>((resolve) => site.listen(0, 'localhost', resolve));
});
afterAll(async () => {
  site.closeAllConnections();
  site.close();
});

describe('a response that is still arriving, in a real browser', () => {
  it('is aborted when another user is known, with and without a signal of the caller', async ({ skip }) => {
    const page = await openPage(skip);
    await page.goto(`http://localhost:${(site.address() as AddressInfo).port}`);
    await page.evaluate(`import('/api/auth/client.js').then(async ({ createClient }) => {
      window.client = createClient();
      await client.session();
      const own = new AbortController();
      window.responses = await Promise.all([client.graph('/me'), client.graph('/me', { signal: own.signal })]);
      window.bodies = Promise.allSettled(responses.map((response) => response.json()));
    })`);
    expect(halves).toHaveLength(2);
    session = ben;
    await page.evaluate('client.session()');
    for (const half of halves) half.end('1}');
    // Chromium does not pass on the reason here.
    const ends = 'bodies.then((all) => all.map(({ status, reason }) => [status, reason?.name]))';
    expect(await page.evaluate(ends)).toEqual(Array(2).fill(['rejected', 'AbortError']));
  });
});
