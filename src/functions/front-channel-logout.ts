import type { FrontChannelLogout } from '../shared/auth/front-channel-logout.ts';
import type { Handler } from '../shared/http/endpoint.ts';

export interface FrontChannelLogoutFunctionDependencies {
  readonly flow: FrontChannelLogout;
  /** The origin whose pages may show this one in a frame. */
  readonly entraOrigin: string;
}

/**
 * Microsoft Entra ID loads this in a frame while the user signs out of another app. The request carries no cookie. The
 * response is the same for every `sid`, so that it does not reveal which sessions exist.
 */
export const frontChannelLogout =
  ({ flow, entraOrigin }: FrontChannelLogoutFunctionDependencies): Handler<undefined> =>
  async (request, { log }) => {
    const { query } = request;
    // A page that embeds a thousand images of this address must have no effect. A browser that does not send
    // the header passes.
    const isFrame = (request.header('sec-fetch-dest') ?? 'iframe') === 'iframe';
    if (query.kind === 'query' && isFrame)
      await flow.end(query.query.get('sid'), query.query.get('iss'), log);
    return {
      status: 200,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-security-policy': `default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors ${entraOrigin}; sandbox`,
      },
      body: 'Signed out.\n',
    };
  };
