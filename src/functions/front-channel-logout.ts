import type { FrontChannelLogout } from '../shared/auth/front-channel-logout.ts';
import type { Handler } from '../shared/http/endpoint.ts';
import type { ReadClientAddress } from '../shared/limits/client-address.ts';

export interface FrontChannelLogoutFunctionDependencies {
  readonly flow: FrontChannelLogout;
  /** The origin whose pages may load this route in a frame. */
  readonly entraOrigin: string;
  readonly readClientAddress: ReadClientAddress;
}

/**
 * Microsoft Entra ID loads this route in a frame while the user signs out of another app. The request carries no cookie.
 * The response is the same for every `sid`, so that it does not reveal which sessions exist.
 */
export const frontChannelLogout =
  ({ flow, entraOrigin, readClientAddress }: FrontChannelLogoutFunctionDependencies): Handler<undefined> =>
  async (request, { log }) => {
    const { query } = request;
    // A page that embeds this URL a thousand times as an image must have no effect. A request without `Sec-Fetch-Dest`
    // is accepted, because old browsers do not send this header.
    const isFrame = (request.header('sec-fetch-dest') ?? 'iframe') === 'iframe';
    if (query.kind === 'query' && isFrame) {
      const [sid, issuer] = [query.query.get('sid'), query.query.get('iss')];
      await flow.end({ sid, issuer, address: readClientAddress(request.header) }, log);
    }
    return {
      status: 200,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-security-policy': `default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors ${entraOrigin}; sandbox`,
      },
      body: 'Signed out.\n',
    };
  };
