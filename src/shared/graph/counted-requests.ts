import { Buffer } from 'node:buffer';
import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import type { CountCall } from '../proxy/counted-call.ts';
import type { Session } from '../session/session-store.ts';

/**
 * Counts each request of a composed call as a call of its user, for as long as it is under way: a function of your own must
 * not use up what everyone needs either. Stands before the token is added, so that a repeated request counts once (DO-3).
 */
export class CountedRequests implements Middleware {
  /** Why a request was not sent. The library would hide it in an error of its own. */
  failure: unknown;
  readonly #session: Session;
  readonly #countCall: CountCall;
  readonly #next: Middleware;

  constructor(session: Session, countCall: CountCall, next: Middleware) {
    this.#session = session;
    this.#countCall = countCall;
    this.#next = next;
  }

  async execute(context: Context): Promise<void> {
    let isSent = false;
    try {
      await this.#countCall(this.#session, bytesOf(context.options?.body), async () => {
        isSent = true;
        await this.#next.execute(context);
      });
    } catch (error) {
      if (!isSent) this.failure ??= error;
      throw error;
    }
  }
}

/** Of what the library makes of a body: text, or bytes that it was given. A stream has no length, and its chunks are small. */
function bytesOf(body: unknown): number {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength;
  return body instanceof Blob ? body.size : 0;
}
