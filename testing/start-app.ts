import { resolve } from 'node:path';
import { type LogEntry, startFunctionsHost } from '@entra-bff/functions-host';
import { startAzurite } from '../dev/azurite.ts';
import { developmentSettings } from '../dev/development-settings.ts';
import { findFreePort } from '../dev/free-port.ts';
import { createRunning } from '../dev/running.ts';
import { serveFolder } from '../dev/static-files.ts';
import { type EmulatorOptions, type Emulators, startEmulators } from './emulators.ts';

export interface AppOptions extends Omit<EmulatorOptions, 'app'> {
  /** The path of your built functions, a CommonJS file. `host.json` is in the current directory. */
  readonly bundle: string;
  /** The folder of your built pages, which are served at the origin of the app. Default: none. */
  readonly pages?: string;
  /** Further settings of your app. They take precedence. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The port of the app. Default: a free one. */
  readonly appPort?: number;
  /** The table storage. Default: Azurite, in memory, from your `node_modules`. */
  readonly tableConnectionString?: string;
  /** Receives the log of your functions and of the host. Default: it is dropped. */
  readonly log?: (entry: LogEntry) => void;
}

/** Your app with everything that it needs, on this computer. */
export interface TestApp {
  /** `http://localhost:PORT` */
  readonly url: string;
  readonly emulators: Emulators;
  close(): Promise<void>;
}

/**
 * Starts your functions in a development host, with a table storage and the emulators.
 * @throws {Error} if a setting, the directory or the bundle cannot be used
 */
export async function startApp(options: AppOptions): Promise<TestApp> {
  const running = createRunning();
  try {
    const appPort = options.appPort ?? (await findFreePort());
    const url = `http://localhost:${appPort}`;
    const starting = running.add(startEmulators({ ...options, app: url }));
    const [emulators, tableConnectionString] = await Promise.all([
      starting,
      options.tableConnectionString ??
        running.add(startAzurite()).then(({ connectionString }) => connectionString),
    ]);
    const host = await running.add(
      startFunctionsHost({
        bundle: resolve(options.bundle),
        port: appPort,
        env: { ...settingsFor(url, tableConnectionString, emulators.settings), ...options.settings },
        ...(options.pages !== undefined && { frontend: serveFolder(options.pages, 'no-policy') }),
        ...(options.log && { log: options.log }),
      }),
    );
    if (host.loadError) throw host.loadError;
    await requireReady(url);
    const { entra, graph, reset } = emulators;
    return { url, emulators: { entra, graph, reset }, close: running.stop };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

function settingsFor(
  url: string,
  tableConnectionString: string,
  emulators: Readonly<Record<string, string>>,
): Record<string, string> {
  const addresses = { bffOrigin: url, entraOrigin: '', graphOrigin: '', tableConnectionString };
  return { ...developmentSettings(addresses, {}), ...emulators };
}

/** A service with an invalid setting starts, and every request returns the reason. Here this counts as a failed start. */
async function requireReady(url: string): Promise<void> {
  const response = await fetch(`${url}/api/health/ready`);
  if (response.status >= 500) throw new Error(`The app is not ready: ${await response.text()}`);
}
