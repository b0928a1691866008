import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FunctionsHostOptions } from '@entra-bff/functions-host';

type Frontend = NonNullable<FunctionsHostOptions['frontend']>;

/** The network between a browser and the app. A test can break it, even between two steps of a redirect. */
export interface Line {
  readonly frontend: Frontend;
  /**
   * Breaks at the next request with a matching path and query, and stays broken.
   * @param lost `request`: the request does not arrive; `answer`: it is served, but the response is lost
   */
  breakAt(target: RegExp, lost: 'request' | 'answer'): void;
  mend(): void;
}

export function createLine(behind: Frontend): Line {
  let breakPoint: { readonly target: RegExp; readonly lost: 'request' | 'answer' } | undefined;
  let isBroken = false;

  return {
    frontend(request, response) {
      if (!isBroken && !breakPoint?.target.test(request.url ?? '')) return behind(request, response);
      const isServed = !isBroken && breakPoint?.lost === 'answer';
      isBroken = true;
      if (!isServed) {
        cut(request);
        return true;
      }
      loseAnswer(request, response);
      return behind(request, response);
    },
    breakAt(target, lost) {
      breakPoint = { target, lost };
    },
    mend() {
      breakPoint = undefined;
      isBroken = false;
    },
  };
}

function cut({ socket }: IncomingMessage): void {
  socket.destroy();
}

/** Headers are sent together with the end of the body, so no part of the response has been sent before. */
function loseAnswer(request: IncomingMessage, response: ServerResponse): void {
  response.end = () => {
    cut(request);
    return response;
  };
}
