import * as z from 'zod';
import type { EchoesRequestId } from '../proxy/request-id-echo.ts';
import type { Environment } from './settings.ts';
import { baseUrl, type Reader, readOptional } from './settings.ts';

/** An API of the operator's own, called through a policy of its own at `api/NAME`. */
export interface ApiConfig {
  readonly name: string;
  readonly origin: string;
  /** The API's application ID URI: what its scopes begin with. */
  readonly scopePrefix: string;
  readonly echoesRequestId: EchoesRequestId;
  readonly policyFile: string;
}

/** Routes of ours, or of the host: a function at `api/NAME` would hide them or not load. */
const reservedNames: ReadonlySet<string> = new Set(['admin', 'auth', 'graph', 'health', 'runtime']);

const names = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(z.string().regex(/^[a-z][a-z0-9]{0,19}$/)).min(1))
  .refine((list) => new Set(list).size === list.length);

/**
 * Microsoft Graph, and Azure AD Graph before it. Graph's policy does not cover the tokens of Azure AD Graph.
 * The ids are the same in every cloud.
 */
const graphIds: ReadonlySet<string> = new Set([
  '00000003-0000-0000-c000-000000000000',
  '00000002-0000-0000-c000-000000000000',
]);
/**
 * Their hosts in all clouds, including preview hosts such as `dod-graph.microsoft.us` and
 * `canary.graph.microsoft.com`.
 */
const graphHosts =
  /^(?:.+[.-])?(?:graph\.(?:microsoft|windows|microsoftazure|cloudapi|chinacloudapi)|microsoftgraph\.chinacloudapi|ags\.windows)\.[a-z]+$/;

/**
 * Matches every name by which Entra ID knows the API. Letter case, a trailing slash and a dot after the host
 * are ignored.
 */
function isGraph(prefix: string): boolean {
  const [host = '', ...segments] = prefix
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .split('/');
  return [host, ...segments].some((part) => graphIds.has(part)) || graphHosts.test(host.replace(/\.+$/, ''));
}

/** Not Graph's own: its scopes have a policy and a function already. */
const scopePrefix = z
  .string()
  .regex(/^(?:api|https):\/\/[A-Za-z0-9][A-Za-z0-9._/-]*[A-Za-z0-9]$/)
  .refine((text) => !isGraph(text));

/** @returns undefined when something is wrong with them, which is then in `faults` */
export function readApis(
  read: Reader,
  environment: Environment,
  inAzure: boolean,
  faults: string[],
): readonly ApiConfig[] | undefined {
  if (environment['API_NAMES'] === undefined) return [];
  const list = readOptional(
    read,
    environment,
    'API_NAMES',
    names,
    'names of your APIs, each once, separated by commas: a small letter, then up to 19 small letters and digits',
  );
  if (list?.some((name) => reservedNames.has(name))) {
    faults.push(
      `API_NAMES has a name that is taken (${[...reservedNames].join(', ')}); set it to other names.`,
    );
    return undefined;
  }
  const apis = list?.map((name) => readApi(read, name, inAzure));
  if (!apis?.every((api) => api !== undefined)) return undefined;
  // One resource's tokens would go to two origins.
  if (new Set(apis.map((api) => api.scopePrefix.toLowerCase())).size < apis.length) {
    faults.push(
      'API_NAMES has two APIs with one SCOPE_PREFIX; set each to the address of its own registration.',
    );
    return undefined;
  }
  return apis;
}

function readApi(read: Reader, name: string, inAzure: boolean): ApiConfig | undefined {
  const setting = (part: string) => `API_${name.toUpperCase()}_${part}`;
  const origin = read(
    setting('ORIGIN'),
    baseUrl(inAzure),
    'the origin of the API, like https://orders.contoso.com',
  );
  const prefix = read(
    setting('SCOPE_PREFIX'),
    scopePrefix,
    "the application ID URI of the API's registration, like api://orders or api://CLIENT_ID",
  );
  const policyFile = read(setting('POLICY_FILE'), z.string().min(1), 'the path of a policy file');
  const echoesRequestId = readEchoesRequestId(read, setting('ECHOES_REQUEST_ID'), 'ignore');
  if (origin === undefined || prefix === undefined || policyFile === undefined) return undefined;
  if (echoesRequestId === undefined) return undefined;
  return { name, origin, scopePrefix: prefix, echoesRequestId, policyFile };
}

/** What happens to responses that lack the id of their call. */
export function readEchoesRequestId(
  read: Reader,
  name: string,
  fallback: EchoesRequestId,
): EchoesRequestId | undefined {
  return read(name, z.enum(['require', 'warn', 'ignore']), 'require, warn or ignore', fallback);
}
