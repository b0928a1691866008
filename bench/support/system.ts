import process from 'node:process';

/** What every system under test calls and uses. */
export interface Surroundings {
  /** Responds to every GET with a bearer token. */
  readonly upstreamOrigin: string;
  readonly entraOrigin: string;
  readonly tableConnectionString: string;
  /** The path that the upstream serves: a short or a long JSON response. */
  readonly path: string;
}

/** The request that the load repeats. */
export interface Target {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a system's process has used since it started. */
export interface Usage {
  /** User and system time of all threads, in microseconds. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** Runs a system in this process: starts it when the surroundings arrive, and reports its usage when asked. */
export function runSystem(start: (surroundings: Surroundings) => Promise<Target>): void {
  process.once('message', (surroundings: Surroundings) => {
    start(surroundings).then(
      (target) => {
        process.on('message', () => process.send?.(usage()));
        process.send?.(target);
      },
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  // The bench has ended, or has crashed.
  process.once('disconnect', () => process.exit());
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() };
}

/** An access token of the size of Entra ID's. The upstream accepts any. */
export const fixedToken = `Bearer ${'x'.repeat(1900)}`;

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
