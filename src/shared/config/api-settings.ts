import { clouds } from '../entra/authority.ts';
import type { RequestIdCheck } from '../proxy/correlation.ts';
import { completeSettings, readSettings } from './read-settings.ts';
import type { Environment } from './setting.ts';
import { apiPrefix, apiSettings } from './settings.ts';

/** A custom API: an API of the operator with its own policy, called at `api/NAME`. */
export interface ApiConfig {
  readonly name: string;
  readonly origin: string;
  /** The application ID URI of the API, which its scopes begin with. */
  readonly scopePrefix: string;
  readonly requestIdCheck: RequestIdCheck;
  readonly policyFile: string;
}

/** First path segments that this service (after `api/`) or the host uses. No API may have one of these names. */
const reservedNames: ReadonlySet<string> = new Set(['admin', 'auth', 'graph', 'health', 'runtime']);

/** These origins accept no access token for a custom API, so every call would fail. */
const microsoftOrigins: ReadonlySet<string> = new Set(
  Object.values(clouds).flatMap(({ signIn, graph }) => [signIn, graph]),
);

/** Reads the settings of each API. Adds to `issues` what is wrong. An API with an invalid setting is left out. */
export function readApis(
  names: readonly string[],
  environment: Environment,
  issues: string[],
): readonly ApiConfig[] {
  if (new Set(names).size < names.length) issues.push('API_NAMES has a name twice; remove one of them.');
  if (names.some((name) => reservedNames.has(name))) {
    issues.push(
      `API_NAMES has a name that is taken (${[...reservedNames].join(', ')}); set it to other names.`,
    );
    return [];
  }
  const apis = names.flatMap((name) => readApi(name, environment, issues));
  // Otherwise the access tokens of one API would go to two origins.
  if (new Set(apis.map(({ scopePrefix }) => scopePrefix.toLowerCase())).size < apis.length) {
    issues.push(
      'API_NAMES has two APIs with one SCOPE_PREFIX; set each to the application ID URI of its own registration.',
    );
  }
  return apis;
}

function readApi(name: string, environment: Environment, issues: string[]): readonly ApiConfig[] {
  const issuesBefore = issues.length;
  const values = readSettings(apiSettings, environment, issues, apiPrefix(name));
  if (issues.length > issuesBefore) return [];
  const { ORIGIN, SCOPE_PREFIX, POLICY_FILE, REQUEST_ID_CHECK } = completeSettings(apiSettings, values);
  if (microsoftOrigins.has(ORIGIN)) {
    issues.push(`${apiPrefix(name)}ORIGIN is an origin of Microsoft's; set it to the origin of your API.`);
    return [];
  }
  return [
    {
      name,
      origin: ORIGIN,
      scopePrefix: SCOPE_PREFIX,
      policyFile: POLICY_FILE,
      requestIdCheck: REQUEST_ID_CHECK,
    },
  ];
}
