import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** What a browser would do next. */
export interface Navigation {
  readonly status: number;
  readonly location: string | undefined;
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** Loads an address as a browser does that leaves its page. `fetch` would say that a script sends the request. */
export function navigate(address: URL, cookie: string): Promise<Navigation> {
  const request = address.protocol === 'https:' ? requestHttps : requestHttp;
  const headers = {
    accept: 'text/html',
    'sec-fetch-site': 'none',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    ...(cookie === '' ? {} : { cookie }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(address, { headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location,
          setCookies: response.headers['set-cookie'] ?? [],
          body,
        }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}
