import { randomUUID } from 'node:crypto';
import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import type { CallNeed } from '../interaction/call-token.ts';
import type { CallLimits } from '../proxy/call-limits.ts';
import { clientRequestId, isRequestId } from '../proxy/correlation.ts';
import type { AuthorizedCall, Exchange, SendWithToken } from '../proxy/send-with-token.ts';
import type { UpstreamBreaker } from '../proxy/upstream-breaker.ts';
import type { Caller } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';

export interface TransportOptions {
  readonly origin: string;
  readonly caller: Caller;
  readonly need: CallNeed;
  readonly log: Log;
  readonly sendWithToken: SendWithToken;
  /** Of Graph. */
  readonly upstreamBreaker: UpstreamBreaker;
  readonly callLimits: CallLimits;
  readonly monotonicMs: () => number;
}

/**
 * Sends one request that Microsoft's client has composed, as this service sends all calls. The client's handlers would share
 * connections between users without a delay, send no token over plain http (which the emulator uses), retry for minutes and
 * follow redirects (measured).
 */
export class Transport implements Middleware {
  readonly #options: TransportOptions;
  exchange: Exchange | undefined;
  /** The error because of which there is no exchange. */
  failure: unknown;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async execute(context: Context): Promise<void> {
    const { origin, caller, need, log, sendWithToken, upstreamBreaker, callLimits, monotonicMs } =
      this.#options;
    const startedMs = monotonicMs();
    try {
      const request = await readRequest(context, origin);
      using _permit = callLimits.acquire(caller, request.body?.byteLength ?? 0);
      using attempt = upstreamBreaker.start(caller, need.feature);
      this.exchange = await sendWithToken({ caller, request, need, attempt, startedMs }, log);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

/** Reads the request as `fetch` would: any kind of body becomes bytes with a content type. */
async function readRequest(
  { request, options }: Context,
  origin: string,
): Promise<AuthorizedCall['request']> {
  const composed = new Request(request, { ...options, ...(options?.body == null ? {} : { duplex: 'half' }) });
  const { method, url } = composed;
  const target = new URL(url);
  if (target.origin !== origin) throw new TypeError('The token is sent to Microsoft Graph only.');
  const headers: Record<string, string> = { accept: '*/*' };
  composed.headers.forEach((value, name) => {
    headers[name] = value;
  });
  // The response must repeat this id. The options of the call may have set it.
  if (!isRequestId(headers[clientRequestId])) headers[clientRequestId] = randomUUID();
  headers['accept-encoding'] = 'identity';
  delete headers['content-length'];
  return {
    method,
    path: target.pathname + target.search,
    headers,
    ...(composed.body === null ? {} : { body: new Uint8Array(await composed.arrayBuffer()) }),
  };
}
