import http from 'node:http';
import type { User } from '@entra-bff/directory';
import { UserAgent, type WireAnswer, type WireRequest } from '../../test/support/user-agent.ts';
import type { Answer } from './answer.ts';
import type { Origins } from './surroundings-process.ts';

/** A user with one browser. */
export interface Visitor {
  readonly user: User;
  readonly browser: VisitorBrowser;
  /** `away`: not signed in, or about to sign out. No calls are made for this user. */
  state: 'signed-in' | 'away';
  /** Changes with each sign-out, so that the outcome of an earlier call is not judged by the later session. */
  generation: number;
}

/**
 * The browser of a user at the public address. It asks for problems as documents instead of pages, and opens the pages of
 * Entra ID where they never fail.
 */
export class VisitorBrowser extends UserAgent {
  readonly #appOrigin: string;
  readonly #origins: Origins;

  constructor(appOrigin: string, origins: Origins) {
    super(appOrigin);
    this.#appOrigin = appOrigin;
    this.#origins = origins;
  }

  override async request(
    url: string,
    request: WireRequest & { withStrictCookies?: boolean } = {},
  ): Promise<WireAnswer> {
    const { entra, entraPages } = this.#origins;
    const target = url.startsWith(entra) ? entraPages + url.slice(entra.length) : url;
    const isApp = target.startsWith('/') || target.startsWith(this.#appOrigin);
    const headers = { ...request.headers, ...(isApp ? { accept: 'application/problem+json' } : {}) };
    const answer = await super.request(target, { ...request, headers });
    // The browser of a test records all responses. Here, they would fill the memory.
    this.received.length = 0;
    return answer;
  }
}

export const sessionCookieOf = ({ browser }: Visitor): string => browser.cookies().get('session') ?? '';

/** Follows the sign-in to its end. @returns the last response of the service */
export async function signIn({ user, browser }: Visitor): Promise<WireAnswer> {
  const page = await browser.navigate(`/api/auth/login?login_hint=${encodeURIComponent(user.username)}`);
  return page.body.includes('name="account"') ? browser.submit(page, { account: user.id }) : page;
}

/** A call of a script, over connections that are kept open. */
export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly cookie: string;
  readonly requestId: string;
  readonly body?: string;
}

/** Sends calls to one worker. @throws {Error} if no complete response arrives */
export type SendCall = (call: Call) => Promise<Answer>;

/** Longer than every wait of the service. */
const ANSWER_TIMEOUT_MS = 60_000;

/** @param appOrigin the public address, which is the origin of the page that makes the calls */
export function createSendCall(port: number, appOrigin: string): SendCall {
  const agent = new http.Agent({ keepAlive: true });
  const { host } = new URL(appOrigin);
  return ({ method, path, cookie, requestId, body }) =>
    new Promise((resolve, reject) => {
      const request = http.request(
        {
          hostname: '127.0.0.1',
          port,
          method,
          path,
          agent,
          headers: {
            host,
            cookie: `session=${cookie}`,
            accept: 'application/json',
            'client-request-id': requestId,
            'x-csrf': '1',
            'sec-fetch-site': 'same-origin',
            'sec-fetch-mode': 'cors',
            'sec-fetch-dest': 'empty',
            ...(method === 'POST' ? { origin: appOrigin } : {}),
            ...(body === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        },
      );
      request.on('error', reject);
      request.setTimeout(ANSWER_TIMEOUT_MS, () => request.destroy(new Error('no response in a minute')));
      request.end(body);
    });
}
