import type { Handler } from '../shared/http/endpoint.ts';
import { serveStaticAsset } from '../shared/http/static-asset.ts';

/** The browser client, one ES module. No other response of this service is compressed or cached by browsers. */
export const client = (source: string): Handler<undefined> =>
  serveStaticAsset({ contentType: 'text/javascript; charset=utf-8', text: source });
