import { clientOf, type Directory, demoDirectory, readDirectory } from '@entra-bff/directory';
import { startEntraEmulator } from '@entra-bff/entra-emulator';
import type { LogEntry } from '@entra-bff/functions-host';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { startGraphEmulator } from '@entra-bff/graph-emulator';
import { startAzurite } from './azurite.ts';
import { developmentSettings } from './development-settings.ts';
import { choosePort, requirePort } from './free-port.ts';
import { createFrontend } from './frontend.ts';
import { registerAt } from './register-at.ts';
import { createRunning } from './running.ts';

export interface Development {
  /** The address for the browser: `PUBLIC_BASE_URL`. */
  publicBaseUrl: string;
  /** The address on which the service listens. It differs if a development server is in front of it. */
  bffOrigin: string;
  entraSwitchesUrl: string;
  graphSwitchesUrl: string;
  /** The users who can sign in. */
  directory: Directory;
  /** Set if the usual port of the service is in use, so that it listens on another one. */
  takenPort: number | undefined;
}

const preferredPorts = { bff: 7071, entra: 7072, graph: 7073 };

/** Builds the app and starts it with everything that it needs on one machine. `stop` stops all of it. */
export function createDevelopment(options: {
  build: () => Promise<string>;
  env: Readonly<Record<string, string | undefined>>;
  /** Path of a `directory.json`. Default: the invented organizations. */
  directoryFile?: string | undefined;
  log: (entry: LogEntry) => void;
}) {
  const running = createRunning();

  async function start(): Promise<Development> {
    const { directoryFile } = options;
    const people = directoryFile === undefined ? demoDirectory : readDirectory(directoryFile);
    const chosenPort = options.env['PORT'] || undefined;
    const [bffPort, entraPort, graphPort] = await Promise.all([
      chosenPort === undefined ? choosePort(preferredPorts.bff) : requirePort(chosenPort),
      choosePort(preferredPorts.entra),
      choosePort(preferredPorts.graph),
    ]);
    const bffOrigin = `http://localhost:${bffPort}`;
    const appUrl = options.env['PUBLIC_BASE_URL'] || bffOrigin;
    const directory = registerAt(people, appUrl);
    const emulators = async () => {
      const entra = await running.add(startEntraEmulator({ directory, appUrl, port: entraPort }));
      const graph = startGraphEmulator({ directory, appUrl, entra, port: graphPort });
      return { entra, graph: await running.add(graph) };
    };
    const [bundle, azurite, { entra, graph }] = await Promise.all([
      options.build(),
      running.add(startAzurite()),
      emulators(),
    ]);

    const switches = {
      entraSwitchesUrl: `${entra.origin}/switches`,
      graphSwitchesUrl: `${graph.origin}/switches`,
    };
    const settings = developmentSettings(
      {
        bffOrigin,
        entraOrigin: entra.origin,
        graphOrigin: graph.origin,
        tableConnectionString: azurite.connectionString,
      },
      options.env,
      clientOf(directory),
    );
    const host = await running.add(
      startFunctionsHost({
        bundle,
        env: settings,
        port: bffPort,
        frontend: createFrontend({ entra, graph }),
        log: options.log,
      }),
    );
    if (host.loadError) throw host.loadError;
    await requireReady(host.origin);
    const isMoved = chosenPort === undefined && bffPort !== preferredPorts.bff;
    return {
      publicBaseUrl: settings['PUBLIC_BASE_URL'] ?? host.origin,
      bffOrigin: host.origin,
      directory,
      takenPort: isMoved ? preferredPorts.bff : undefined,
      ...switches,
    };
  }

  return { start, stop: running.stop };
}

/** An app with an invalid setting starts, and every request returns the reason. Here this counts as a failed start. */
async function requireReady(bffOrigin: string): Promise<void> {
  const response = await fetch(`${bffOrigin}/api/health/ready`);
  if (response.status < 500) return;
  const body = await response.text();
  const detail = /"detail":\s*"([^"]+)"/.exec(body)?.[1];
  throw new Error(`the readiness check of the app returned ${response.status}: ${detail ?? body}`);
}
