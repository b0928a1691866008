import { randomUUID } from 'node:crypto';
import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import { BffError } from '../errors.ts';
import type { SendHttp } from '../network/http-request.ts';
import { clientRequestId, correlationOf, isRequestId } from '../proxy/headers.ts';
import type { BodyReservation, BodyRoom } from '../proxy/memory-budget.ts';
import type { EchoesRequestId, WatchEcho } from '../proxy/request-id-echo.ts';
import { borrowerOf, sendUpstream } from '../proxy/send.ts';
import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';

export interface SendHandlerNeeds {
  readonly session: Session;
  readonly sendHttp: SendHttp;
  readonly monotonicMs: () => number;
  readonly echoesRequestId: EchoesRequestId;
  readonly watchEcho: WatchEcho;
  readonly timeoutMs: number;
  /** The most bytes of an answer. */
  readonly bodyLimitBytes: number;
  readonly bodyRoom: BodyRoom;
  readonly log: Log;
}

/**
 * Sends a request that Microsoft's client has composed. The library's own handler uses `fetch`, whose connections go
 * from one user to the next at once. This handler's connections obey the rules of all other calls.
 */
export class SendHandler implements Middleware {
  readonly #needs: SendHandlerNeeds;

  constructor(needs: SendHandlerNeeds) {
    this.#needs = needs;
  }

  async execute(context: Context): Promise<void> {
    const request = await readRequest(context);
    const { session, bodyRoom } = this.#needs;
    const person = session.address.userHash.toString('base64url');
    const reservation = bodyRoom.open(person, new URL(request.url).origin);
    try {
      context.response = await this.#send(request, reservation);
    } catch (error) {
      throw error instanceof BffError ? new SendFailure(error) : error;
    } finally {
      // The code that composes the call now has the complete answer.
      reservation.release();
    }
  }

  async #send({ url, method, headers, body }: Sent, reservation: BodyReservation): Promise<Response> {
    const { session, sendHttp, monotonicMs, log, echoesRequestId, watchEcho } = this.#needs;
    const { origin, pathname, search } = new URL(url);
    const correlation = correlationOf(headers, echoesRequestId);
    const request = {
      method,
      origin,
      path: pathname + search,
      headers,
      ...(body === undefined ? {} : { body }),
      deadlineMs: this.#needs.timeoutMs,
      maxResponseBytes: this.#needs.bodyLimitBytes,
      reserveBytes: reservation.take,
      borrower: borrowerOf(session),
      ...(correlation === undefined ? {} : { correlation }),
    };
    const answer = await sendUpstream(sendHttp, request, monotonicMs, log);
    watchEcho(answer, correlation, log);
    const { status } = answer;
    const encoding = answer.headers['content-encoding'] ?? 'identity';
    // A redirect is not followed with the token, and the request did not ask for compression.
    if (
      status < 200 ||
      status > 599 ||
      (status >= 300 && status < 400 && status !== 304) ||
      encoding !== 'identity'
    ) {
      throw new BffError('upstream_answer_refused', {
        detail: 'Microsoft Graph returned a redirect, or an answer that cannot be read.',
      });
    }
    const received = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      for (const one of Array.isArray(value) ? value : [value ?? '']) received.append(name, one);
    }
    const isEmpty = status === 204 || status === 205 || status === 304;
    return new Response(isEmpty ? null : new Uint8Array(answer.body), { status, headers: received });
  }
}

/**
 * A failure below the library. The library keeps an error's name as `code`, and its message. They carry the problem's
 * code and the text for the user.
 */
class SendFailure extends Error {
  constructor({ code, detail }: BffError) {
    super(detail);
    this.name = code;
  }
}

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | undefined;
}

/** Reads the request as `fetch` would: bodies of every kind as bytes, with their type. */
async function readRequest({ request, options }: Context): Promise<Sent> {
  const fetched = new Request(request, { ...options, ...(options?.body == null ? {} : { duplex: 'half' }) });
  const headers: Record<string, string> = { accept: '*/*' };
  fetched.headers.forEach((value, name) => {
    headers[name] = value;
  });
  // Sets our own id if the code that composes the call gave none that could identify the answer.
  if (!isRequestId(headers[clientRequestId])) headers[clientRequestId] = randomUUID();
  headers['accept-encoding'] = 'identity';
  delete headers['content-length'];
  return {
    url: fetched.url,
    method: fetched.method,
    headers,
    body: fetched.body === null ? undefined : new Uint8Array(await fetched.arrayBuffer()),
  };
}
