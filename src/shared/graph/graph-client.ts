import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import type { AcquireToken } from '../entra/acquire-token.ts';
import { BffError } from '../errors.ts';
import { type Interaction, sessionRequired } from '../interaction/interaction.ts';
import type { Session } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';

/** What a call that we compose asks Graph for: `/me`, with `$select` fields. */
export interface GraphGet {
  readonly path: string;
  readonly select?: readonly string[];
  readonly top?: number;
}

/** One call's end: each stands for itself. */
export type GraphAnswer =
  | { readonly kind: 'answered'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: BffError };

/** Calls that we compose ourselves, through Microsoft's client, with the signed-in person's own access token. */
export interface GraphClient {
  /**
   * The ends of the calls, in their order.
   * @throws {BffError} interaction_required, session_required, and those of acquiring a token
   */
  get(
    session: Session,
    feature: string,
    scopes: readonly string[],
    calls: readonly GraphGet[],
    log: Log,
  ): Promise<GraphAnswer[]>;
}

export interface GraphClientNeeds {
  readonly origin: string;
  readonly timeoutMs: number;
  readonly acquireToken: AcquireToken;
  readonly interaction: Interaction;
}

export function createGraphClient({
  origin,
  timeoutMs,
  acquireToken,
  interaction,
}: GraphClientNeeds): GraphClient {
  return {
    async get(session, feature, scopes, calls, log) {
      interaction.requireNotWithheld(session, feature, scopes);
      const acquired = await acquireToken(session, scopes, log);
      if (acquired.kind === 'session-ended') throw sessionRequired('session_ended');
      if (acquired.kind === 'interaction-required') {
        throw interaction.required(session, { ...acquired, feature, scopes });
      }
      const { Client, HTTPMessageHandler } = await import('@microsoft/microsoft-graph-client');
      const authentication = new AuthenticationHandler(origin, acquired.accessToken, timeoutMs);
      authentication.setNext(new HTTPMessageHandler());
      const client = Client.initWithMiddleware({
        baseUrl: origin,
        defaultVersion: 'v1.0',
        middleware: authentication,
      });
      return Promise.all(
        calls.map(async ({ path, select, top }): Promise<GraphAnswer> => {
          const request = client.api(path);
          if (select) request.select([...select]);
          if (top !== undefined) request.top(top);
          try {
            const value: unknown = await request.get();
            return { kind: 'answered', value };
          } catch (error) {
            return { kind: 'failed', error: toProblem(error) };
          }
        }),
      );
    },
  };
}

/**
 * Adds the access token, for Graph's origin only. The library's own handler adds none on plain http, which the emulator
 * speaks, and its default chain retries for minutes and follows redirects (measured).
 */
class AuthenticationHandler implements Middleware {
  readonly #origin: string;
  readonly #accessToken: string;
  readonly #timeoutMs: number;
  #next: Middleware | undefined;

  constructor(origin: string, accessToken: string, timeoutMs: number) {
    this.#origin = origin;
    this.#accessToken = accessToken;
    this.#timeoutMs = timeoutMs;
  }

  async execute(context: Context): Promise<void> {
    const url = new URL(typeof context.request === 'string' ? context.request : context.request.url);
    if (url.origin !== this.#origin) throw new TypeError('only Graph is called with the token');
    const headers = new Headers(context.options?.headers);
    headers.set('authorization', `Bearer ${this.#accessToken}`);
    context.options = {
      ...context.options,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(this.#timeoutMs),
    };
    await this.#next?.execute(context);
  }

  setNext(next: Middleware): void {
    this.#next = next;
  }
}

/** The library wraps what is thrown below it and keeps its name as `code`, the status as `statusCode` (measured). */
function toProblem(error: unknown): BffError {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return code === 'TimeoutError' || code === 'AbortError'
    ? new BffError('upstream_timeout', { detail: 'Microsoft Graph took too long.', cause: error })
    : new BffError('upstream_unreachable', {
        detail: 'Microsoft Graph did not answer as it should.',
        cause: error,
      });
}
