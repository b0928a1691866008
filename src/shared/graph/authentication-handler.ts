import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import { BffError } from '../errors.ts';
import type { CallTokens } from '../interaction/call-token.ts';
import { readClaimsChallenge } from '../proxy/claims-challenge.ts';
import type { Log } from '../telemetry/log.ts';
import { withoutSentToken } from './composed-answer.ts';
import type { HiddenFailures } from './hidden-failures.ts';

export interface AuthenticationHandlerNeeds {
  /** The one origin that gets the token. */
  readonly origin: string;
  readonly accessToken: string;
  readonly tokens: CallTokens;
  readonly feature: string;
  /** Stores the reason for a missing token or a refused answer. */
  readonly failures: HiddenFailures;
  readonly log: Log;
}

/**
 * Adds the access token, for Graph's origin only. The library's own handler adds none on plain http, which the emulator
 * speaks, and its default chain retries for minutes and follows redirects (measured). A token that Graph refuses before
 * its time is replaced once, and the request sent again: Graph has refused it before anything was done.
 */
export class AuthenticationHandler implements Middleware {
  readonly #needs: AuthenticationHandlerNeeds;
  #accessToken: string;
  #next: Middleware | undefined;

  constructor(needs: AuthenticationHandlerNeeds) {
    this.#needs = needs;
    this.#accessToken = needs.accessToken;
  }

  async execute(context: Context): Promise<void> {
    await this.#sendWithRenewal(context);
    const { accessToken, feature, failures, log } = this.#needs;
    if (context.response === undefined) return;
    try {
      const sent = [...new Set([accessToken, this.#accessToken])];
      context.response = await withoutSentToken(context.response, sent, feature, log);
    } catch (error) {
      throw error instanceof BffError ? failures.keep(error) : error;
    }
  }

  async #sendWithRenewal(context: Context): Promise<void> {
    const refusedToken = this.#accessToken;
    await this.#send(context, refusedToken);
    const claims = challengeIn(context);
    if (claims === undefined) return;
    const { tokens, failures } = this.#needs;
    // Another request of the same work may already have acquired a new token.
    if (this.#accessToken === refusedToken) {
      try {
        this.#accessToken = await tokens.token({ claims, refusedToken });
      } catch (error) {
        throw failures.keep(error);
      }
    }
    await this.#send(context, this.#accessToken);
    const stillAsked = challengeIn(context);
    if (stillAsked !== undefined) throw failures.keep(tokens.stillRefused(stillAsked));
  }

  async #send(context: Context, accessToken: string): Promise<void> {
    const { origin } = this.#needs;
    const url = new URL(typeof context.request === 'string' ? context.request : context.request.url);
    if (url.origin !== origin) throw new TypeError('only Graph is called with the token');
    const headers = new Headers(context.options?.headers);
    headers.set('authorization', `Bearer ${requireSendable(accessToken)}`);
    context.options = { ...context.options, headers };
    await this.#next?.execute(context);
  }

  setNext(next: Middleware): void {
    this.#next = next;
  }
}

/** If `Headers` refuses a value, its error message holds the whole value. */
function requireSendable(accessToken: string): string {
  if (/^[\x21-\x7e]+$/.test(accessToken)) return accessToken;
  throw new BffError('upstream_unreachable', {
    detail: 'The access token cannot be sent. Nothing was sent.',
  });
}

function challengeIn({ response }: Context): string | undefined {
  if (response?.status !== 401) return undefined;
  return readClaimsChallenge(response.headers.get('www-authenticate') ?? undefined);
}
