import type { IncomingMessage, ServerResponse } from 'node:http';
import { cases, type Emulators, makeGoodDay } from './cases.ts';

export const casesPath = '/dev/cases';

const bodyLimitBytes = 1024;

/**
 * Lists the cases, and sets one up, for the demo page alone. It runs beside the app, in the process of the emulators:
 * so the page needs no way to another origin.
 */
export function createCasesEndpoint(emulators: Emulators) {
  let current: string | undefined;

  const setUp = (id: string | null): boolean => {
    const chosen = cases.find((known) => known.id === id);
    if (chosen === undefined && id !== '') return false;
    makeGoodDay(emulators);
    chosen?.setUp(emulators);
    current = chosen?.id;
    return true;
  };

  const list = () => ({
    current: current ?? null,
    cases: cases.map(({ id, group, title, sees, path }) => ({ id, group, title, sees, path })),
  });

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isOwnPage(request)) return answer(response, 403, { error: 'Only the demo page may ask.' });
    if (request.method === 'GET') return answer(response, 200, list());
    if (request.method !== 'POST') return answer(response, 405, { error: 'GET or POST.' });
    const body = await readText(request);
    const isKnown = body !== undefined && setUp(new URLSearchParams(body).get('case'));
    return isKnown ? answer(response, 200, list()) : answer(response, 400, { error: 'No such case.' });
  };
}

/** The header asks a foreign page for a preflight that nobody answers; the name keeps out one that rebinds its own. */
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
