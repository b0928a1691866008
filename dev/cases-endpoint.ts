import type { IncomingMessage, ServerResponse } from 'node:http';
import { cases, type Emulators, resetSwitches } from './cases.ts';

export const casesPath = '/dev/cases';

const bodyLimitBytes = 1024;

/**
 * Lists the cases and sets one up, for the demo page only. It has the origin of the app, so the page needs no
 * cross-origin request.
 */
export function createCasesEndpoint(emulators: Emulators) {
  let current: string | undefined;

  const setUp = (id: string | null): boolean => {
    const chosen = cases.find((known) => known.id === id);
    if (chosen === undefined && id !== '') return false;
    resetSwitches(emulators);
    chosen?.setUp(emulators);
    current = chosen?.id;
    return true;
  };

  const list = () => ({
    current: current ?? null,
    cases: cases.map(({ id, group, title, description, path }) => ({ id, group, title, description, path })),
  });

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isOwnPage(request)) return answer(response, 403, { error: 'Only the demo page may call this.' });
    if (request.method === 'GET') return answer(response, 200, list());
    if (request.method !== 'POST') return answer(response, 405, { error: 'Use GET or POST.' });
    const body = await readText(request);
    const isKnown = body !== undefined && setUp(new URLSearchParams(body).get('case'));
    return isKnown ? answer(response, 200, list()) : answer(response, 400, { error: 'Unknown case.' });
  };
}

/** A page of another origin cannot send the header without a preflight, which is refused. The host name prevents DNS rebinding. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  return headers['x-csrf'] === '1' && /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(headers.host ?? '');
}

async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > bodyLimitBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(JSON.stringify(body));
}
