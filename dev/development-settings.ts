import { randomBytes } from 'node:crypto';
import { type ClientSettings, demoClient } from '@entra-bff/directory';

const randomKey = () => randomBytes(32).toString('base64url');

/**
 * The app's settings for `npm start`. Values of the environment take precedence. Keys that the environment does not set
 * are random, so sessions end with the process.
 * @param client the app registration as which the service signs in
 */
export function developmentSettings(
  addresses: { bffOrigin: string; entraOrigin: string; graphOrigin: string; tableConnectionString: string },
  environment: Readonly<Record<string, string | undefined>>,
  client: ClientSettings = demoClient,
): Record<string, string> {
  const settings: Record<string, string> = {
    PUBLIC_BASE_URL: addresses.bffOrigin,
    ENTRA_TENANT_ID: client.tenantId,
    ENTRA_CLIENT_ID: client.clientId,
    ENTRA_CLIENT_CREDENTIAL: 'secret',
    ENTRA_CLIENT_SECRET: client.clientSecret,
    SESSION_KEYS: `1:${randomKey()}`,
    SESSION_INDEX_KEY: randomKey(),
    SESSION_TABLE_CONNECTION_STRING: addresses.tableConnectionString,
    SESSION_TABLE_NAME: 'sessions',
    DEV_ENTRA_ORIGIN: addresses.entraOrigin,
    DEV_GRAPH_ORIGIN: addresses.graphOrigin,
    // Read by the Functions host. The development host has no storage and needs none.
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    AzureWebJobsSecretStorageType: 'files',
  };
  for (const name of Object.keys(settings)) settings[name] = environment[name] || settings[name] || '';
  return settings;
}
