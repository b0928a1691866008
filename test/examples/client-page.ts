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
  const body = typeof sent.body === 'string' ? sent.body : undefined;
  const answer = await browser.script(sent.method, sent.path, {
    headers: {
      ...Object.fromEntries(sent.headers),
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    },
    ...(body === undefined ? {} : { body }),
  });
  const hasBody = ![204, 304].includes(answer.status);
  return new Response(hasBody ? answer.body.replaceAll(workerOrigin, origin) : null, {
    status: answer.status,
    headers: { 'content-type': answer.headers['content-type'] ?? '', ...problemHeaderOf(answer.headers) },
  });
}

function problemHeaderOf(headers: IncomingHttpHeaders): Record<string, string> {
  const code = headers['bff-problem'];
  return typeof code === 'string' ? { 'bff-problem': code } : {};
}
