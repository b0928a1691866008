import type { Handler } from '../shared/http/endpoint.ts';
import { serveStaticAsset } from '../shared/http/static-asset.ts';

/** The browser client, one ES module. It is the only response that is cached by browsers or compressed. */
export const client = (source: string): Handler<undefined> =>
  serveStaticAsset({ contentType: 'text/javascript; charset=utf-8', text: source });
