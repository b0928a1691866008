import { clientOf, type Directory, demoDirectory, parseDirectory, readDirectory } from '@entra-bff/directory';
import { type EntraAction, type EntraSwitches, startEntraEmulator } from '@entra-bff/entra-emulator';
import { type GraphAction, type GraphSwitches, startGraphEmulator } from '@entra-bff/graph-emulator';
import { registerAt } from '../dev/register-at.ts';
import { controlOf, type EmulatorControl } from './control.ts';

/** A request of your app to Entra ID. It has codes and refresh tokens, and no client secret. */
export interface EntraRequest {
  readonly kind: 'authorize' | 'token' | 'keys' | 'discovery' | 'logout' | 'admin-consent';
  readonly method: string;
  readonly path: string;
  /** ISO 8601 */
  readonly at: string;
  readonly query: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
  readonly grantType?: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** A call of your app to Graph. */
export interface GraphRequest {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  /** By name in lower case. `authorization` has the access token. */
  readonly headers: Readonly<Record<string, string>>;
  /** The object id in the access token. */
  readonly subject?: string;
  readonly body?: string;
  /** Instead of `body`, if that is no text. */
  readonly bodyBase64?: string;
}

/** The emulators of Entra ID and Graph. */
export interface Emulators {
  readonly entra: EmulatorControl<EntraSwitches, EntraAction, EntraRequest>;
  readonly graph: EmulatorControl<GraphSwitches, GraphAction, GraphRequest>;
  /** Resets both. Sessions of the app end when their tokens are renewed. */
  reset(): Promise<void>;
}

export interface StartedEmulators extends Emulators {
  readonly directory: Directory;
  /** The settings with which the service uses the emulators. */
  readonly settings: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface EmulatorOptions {
  /** The path of a `directory.json`, or its content. Default: the invented organizations of `npm start`. */
  readonly directory?: string | object;
  /** The port of the Entra emulator. Graph has the next one. Default: free ports. */
  readonly port?: number;
  /** The origin of your app. Its redirect URIs are registered. Of `http://localhost`, every port is registered already. */
  readonly app?: string;
}

/** The ports of `npm start`. */
const usual = { entra: 'http://127.0.0.1:7072', graph: 'http://127.0.0.1:7073' };

/** Reaches emulators that another process has started. Default: those of `npm start`, at their usual ports. */
export function connectEmulators({ entra, graph }: { entra: string; graph: string } = usual): Emulators {
  const emulators = {
    entra: controlOf<EntraSwitches, EntraAction, EntraRequest>(entra),
    graph: controlOf<GraphSwitches, GraphAction, GraphRequest>(graph),
  };
  return {
    ...emulators,
    async reset() {
      await Promise.all([emulators.entra.reset(), emulators.graph.reset()]);
    },
  };
}

/**
 * Starts emulators of Entra ID and Graph in this process. They listen on 127.0.0.1 and forget everything at the end.
 * @throws {DirectoryError} with every fault of the directory
 */
export async function startEmulators(options: EmulatorOptions = {}): Promise<StartedEmulators> {
  const { port = 0, app: appUrl } = options;
  const parsed = toDirectory(options.directory);
  const directory = appUrl === undefined ? parsed : registerAt(parsed, appUrl);
  const about = { directory, ...(appUrl === undefined ? {} : { appUrl }) };
  const entra = await startEntraEmulator({ ...about, port });
  const graph = await startGraphEmulator({ ...about, entra, port: port === 0 ? 0 : port + 1 }).catch(
    async (error: unknown) => {
      await entra.close();
      throw error;
    },
  );
  const { tenantId, clientId, clientSecret } = clientOf(directory);
  return {
    ...connectEmulators({ entra: entra.origin, graph: graph.origin }),
    directory,
    settings: {
      ENTRA_TENANT_ID: tenantId,
      ENTRA_CLIENT_ID: clientId,
      ENTRA_CLIENT_CREDENTIAL: 'secret',
      ENTRA_CLIENT_SECRET: clientSecret,
      DEV_ENTRA_ORIGIN: entra.origin,
      DEV_GRAPH_ORIGIN: graph.origin,
    },
    async close() {
      await Promise.all([entra.close(), graph.close()]);
    },
  };
}

function toDirectory(directory: EmulatorOptions['directory']): Directory {
  if (directory === undefined) return demoDirectory;
  return typeof directory === 'string' ? readDirectory(directory) : parseDirectory(directory);
}
