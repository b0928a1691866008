import type { IncomingHttpHeaders } from 'node:http';
import { type Client, type ClientOptions, createClient } from '../../client/client.ts';
import { FakePage, origin, type Sent } from '../client/fake-page.ts';
import type { UserAgent } from '../support/user-agent.ts';

interface ClientPage {
  readonly page: FakePage;
  readonly client: Client;
}

/** A browser client whose requests reach a worker, with the cookies of this browser. The page has its own origin. */
export function openClientPage(
  browser: UserAgent,
  workerOrigin: string,
  options?: ClientOptions,
): ClientPage {
  const page = new FakePage({ nowMs: Date.now(), answer: (sent) => forward(browser, workerOrigin, sent) });
  return { page, client: createClient({ ...options, page }) };
}

async function forward(browser: UserAgent, workerOrigin: string, sent: Sent): Promise<Response> {
  const { method, path, headers, body = null } = sent;
  // Adds the type of the body, as a browser does.
  const request = new Request(origin + path, { method, headers, body });
  const bytes = Buffer.from(await request.arrayBuffer());
  const answer = await browser.script(method, path, {
    headers: {
      ...Object.fromEntries(request.headers),
      ...(body === null ? {} : { 'content-length': String(bytes.byteLength) }),
    },
    ...(body === null ? {} : { body: bytes }),
  });
  const hasBody = ![204, 304].includes(answer.status);
  return new Response(hasBody ? answer.body.replaceAll(workerOrigin, origin) : null, {
    status: answer.status,
    headers: { 'content-type': answer.headers['content-type'] ?? '', ...ownHeadersOf(answer.headers) },
  });
}

/** The headers with which the service describes its own part in a response. */
function ownHeadersOf(headers: IncomingHttpHeaders): Record<string, string> {
  const own = Object.entries(headers).filter(([name]) => name.startsWith('bff-'));
  return Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
}
