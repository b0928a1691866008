import { Buffer } from 'node:buffer';
import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import type { CountCall } from '../proxy/counted-call.ts';
import type { Session } from '../session/store.ts';
import type { HiddenFailures } from './hidden-failures.ts';

/**
 * Counts each request of a composed call as a call of its user while it is under way. Your own functions must not use
 * up what all users need either. It runs before the token is added, so that a repeated request counts once.
 */
export class CountedRequests implements Middleware {
  readonly #session: Session;
  readonly #countCall: CountCall;
  readonly #next: Middleware;
  readonly #failures: HiddenFailures;

  /** @param failures stores the reason if a request is not sent */
  constructor(session: Session, countCall: CountCall, next: Middleware, failures: HiddenFailures) {
    this.#session = session;
    this.#countCall = countCall;
    this.#next = next;
    this.#failures = failures;
  }

  async execute(context: Context): Promise<void> {
    let isSent = false;
    try {
      await this.#countCall(this.#session, bytesOf(context.options?.body), async () => {
        isSent = true;
        await this.#next.execute(context);
      });
    } catch (error) {
      throw isSent ? error : this.#failures.keep(error);
    }
  }
}

/**
 * The length of a body as the library passes it on: text, or the caller's bytes. A stream has no length, and its chunks
 * are small.
 */
function bytesOf(body: unknown): number {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength;
  return body instanceof Blob ? body.size : 0;
}
