/** The request that the load repeats. */
export interface Target {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The headers of a browser's script, about half a kilobyte. */
export const browserHeaders: Readonly<Record<string, string>> = {
  accept: 'application/json, text/plain, */*',
  'accept-language': 'en-US,en;q=0.9,de;q=0.8',
  'user-agent':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
  'sec-ch-ua': '"Chromium";v="143", "Not A(Brand";v="24"',
  'sec-ch-ua-mobile': '?0',
  'sec-ch-ua-platform': '"Windows"',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  'x-csrf': '1',
};

/** Systems without sessions receive a cookie too, so that the requests have the same size. */
export const unusedCookie = `session=${'x'.repeat(180)}`;

/** Two resources of Graph with one permission: a user of 1.5 KB, and one with 100 KB of JSON. */
export const shortPath = '/v1.0/me';
export const longPath = '/v1.0/me?$select=displayName,aboutMe';
export const SHORT_BYTES = 1536;
export const LONG_BYTES = 102_400;
