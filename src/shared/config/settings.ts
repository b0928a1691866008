import type { Cloud } from '../entra/authority.ts';
import type { RequestIdCheck } from '../proxy/correlation.ts';
import { certificate, clientSecret, rsaPrivateKey } from './credential-validators.ts';
import { moreFileNames } from './more-policies.ts';
import { accentColor, appName, languageTags } from './pages-validators.ts';
import {
  bytes,
  type Condition,
  count,
  isSet,
  milliseconds,
  onlyIf,
  optional,
  required,
  type Settings,
  seconds,
  type ValuesOf,
  withDefault,
} from './setting.ts';
import { connectionString, tableEndpoint } from './table-validators.ts';
import {
  filePath,
  guid,
  guids,
  key,
  keyRing,
  listOf,
  loopbackOrigin,
  matching,
  namesFrom,
  oneOf,
  origin,
  scopePrefix,
  tenant,
  type Validator,
} from './validators.ts';

const DAY = 24 * 60 * 60; // seconds
const MIB = 1024 * 1024; // bytes

const credentialIs = (kind: string): Condition => ({
  text: `with \`${kind}\``,
  holdsIn: (environment) => environment['ENTRA_CLIENT_CREDENTIAL'] === kind,
});
const usesManagedIdentity: Condition = {
  text: 'with a managed identity',
  holdsIn: (environment) =>
    environment['ENTRA_CLIENT_CREDENTIAL'] === 'managed-identity' ||
    isSet(environment['SESSION_TABLE_ENDPOINT']),
};

const clouds: Validator<Cloud> = oneOf('public', 'usgov', 'usgovdod', 'china');
const requestIdCheck: Validator<RequestIdCheck> = oneOf('require', 'warn', 'ignore');

const address = {
  PUBLIC_BASE_URL: required(
    origin('the origin that browsers see, without a path or trailing slash, like https://app.contoso.com'),
    'The origin that browsers see. It has no path and no trailing slash.',
  ),
  SIGNED_OUT_PATH: optional(
    matching(
      'path',
      'a path like /goodbye, without a query or fragment',
      /^\/(?![/\\])[\w\-.~!$&'()*+,;=:@/%]*$/,
    ),
    'a page of this service that says that the user is signed out',
    'The page of your app that users see after they have signed out. Register its URL as a redirect URI.',
  ),
};

const pages = {
  PAGES_NAME: optional(
    appName,
    'pages name no app',
    'The name of your app, as users know it. It is part of the title of each page, stands above its text, and is the label of the way back.',
  ),
  PAGES_LOGO_FILE: optional(
    filePath('the path of an SVG or PNG file of at most 32 KiB'),
    'no logo',
    'The path of an SVG or PNG file of at most 32 KiB. The logo stands beside the name, so `PAGES_NAME` is required too.',
  ),
  PAGES_ACCENT: optional(
    accentColor('light'),
    'blue',
    'The color of buttons and links. Its contrast on light pages must be 4.5:1 or more.',
  ),
  PAGES_ACCENT_DARK: optional(
    accentColor('dark'),
    'a lighter shade of `PAGES_ACCENT`',
    'The color of buttons and links in the dark color scheme. Its contrast on dark pages must be 4.5:1 or more.',
  ),
  PAGES_LANGUAGES: optional(
    languageTags,
    'all languages that have texts, English first',
    'The languages of the pages. The first one is for users who prefer none of them.',
  ),
};

const entra = {
  ENTRA_CLOUD: withDefault(clouds, 'public', 'The cloud whose sign-in service and Graph are used.'),
  ENTRA_TENANT_ID: required(
    tenant('the directory (tenant) id of the app registration in lower case, or "organizations"'),
    'The directory (tenant) id of the app registration. With `organizations`, users of several tenants sign in.',
  ),
  ENTRA_CLIENT_ID: required(
    guid('the application (client) id of the app registration in lower case'),
    'The application (client) id of the app registration.',
  ),
  ENTRA_ALLOWED_TENANTS: optional(
    guids('the ids of the tenants whose users may sign in, in lower case, separated by commas'),
    '`ENTRA_TENANT_ID`; none with `organizations`, so set it then',
    'The tenants whose users may sign in.',
  ),
  ENTRA_GUESTS: withDefault(
    oneOf('allow', 'refuse'),
    'allow',
    'Whether guests of an allowed tenant may sign in.',
  ),
  ENTRA_CLIENT_CREDENTIAL: required(
    oneOf('managed-identity', 'certificate', 'secret'),
    'How the app authenticates to Entra ID.',
  ),
  ENTRA_CLIENT_SECRET: onlyIf(
    credentialIs('secret'),
    required(
      clientSecret('the value of a client secret, at least 16 characters'),
      'The value of a client secret.',
      { isSecret: true },
    ),
  ),
  ENTRA_CERTIFICATE: onlyIf(
    credentialIs('certificate'),
    required(
      certificate('the certificate in PEM, with \\n for line ends'),
      'The certificate that was uploaded to the app registration.',
    ),
  ),
  ENTRA_CERTIFICATE_KEY: onlyIf(
    credentialIs('certificate'),
    required(
      rsaPrivateKey("the certificate's private RSA key in PEM (PKCS #8)"),
      'The private RSA key of the certificate, without a password.',
      { isSecret: true },
    ),
  ),
  ENTRA_MANAGED_IDENTITY_CLIENT_ID: onlyIf(
    usesManagedIdentity,
    optional(
      guid('the client id of a user-assigned managed identity in lower case'),
      'the system-assigned managed identity',
      'The client id of a user-assigned managed identity.',
    ),
  ),
};

const sessions = {
  SESSION_KEYS: required(
    keyRing(
      'number:key pairs like "1:…", separated by commas, each key 32 random bytes as base64url (see docs/configuration.md)',
    ),
    'The keys that encrypt sessions. The first key encrypts, and every key decrypts.',
    { isSecret: true },
  ),
  SESSION_INDEX_KEY: required(
    key('32 random bytes as base64url, other than every session key'),
    'The key that hashes user ids and authenticates session cookies. Changing it signs every user out.',
    { isSecret: true },
  ),
  SESSION_TABLE_ENDPOINT: optional(
    tableEndpoint('https://ACCOUNT.table.core.windows.net'),
    'none; set exactly one of this and `SESSION_TABLE_CONNECTION_STRING`',
    'The URL of the table service, if the app accesses it with a managed identity.',
    { mayBeBlank: true },
  ),
  SESSION_TABLE_CONNECTION_STRING: optional(
    connectionString('the connection string of a storage account'),
    'none; set exactly one of this and `SESSION_TABLE_ENDPOINT`',
    'The connection string of the storage account, if the app accesses it without a managed identity.',
    { isSecret: true, mayBeBlank: true },
  ),
  SESSION_TABLE_NAME: withDefault(
    matching(
      '3 to 63 letters and digits, a letter first',
      '3 to 63 letters and digits, a letter first, other than "tables"',
      /^(?!tables$)[A-Za-z][A-Za-z0-9]{2,62}$/i,
    ),
    'bffsessions',
    'The name of the table.',
  ),
  SESSION_IDLE_SECONDS: seconds(
    { min: 60, max: 7 * DAY, default: 3600 },
    'A session that is not used for this time ends.',
  ),
  SESSION_ABSOLUTE_SECONDS: seconds(
    { min: 300, max: 30 * DAY, default: DAY / 2 },
    'A session ends after this time, even if it is in use.',
  ),
  SESSION_MAX_PER_USER: count(
    { min: 1, max: 500, default: 100 },
    'Maximum number of live sessions of one user. A sign-in beyond it ends the least recently used session.',
  ),
  SESSION_CACHE_SECONDS: seconds(
    { min: 0, max: 60, default: 1 },
    'How long a worker serves a session from memory before it reads the table again.',
  ),
  SESSION_REVALIDATE_SECONDS: seconds(
    { min: 60, max: DAY, default: 3600 },
    "Maximum age of Entra ID's claims about a user. If they are older, the next call renews them with the refresh token.",
  ),
};

const guards = {
  ROLE_MAX_AGE_SECONDS: seconds(
    { min: 60, max: DAY, default: 300 },
    "Maximum age of Entra ID's claims about a user for calls whose guard checks roles or groups.",
  ),
};

const administration = {
  ADMIN_ROLE: withDefault(
    matching(
      '1 to 120 printable ASCII characters without spaces',
      'the value of an app role, without spaces and quotes',
      /^(?!.*["\\])[\x21-\x7e]{1,120}$/,
    ),
    'Admin',
    'The value of the app role that opens `/api/admin`.',
  ),
  ADMIN_MAX_AUTH_AGE_SECONDS: seconds(
    { min: 60, max: DAY, default: 900 },
    "How old an administrator's sign-in may be when the administrator changes something. If it is older, the administrator signs in again.",
  ),
};

const graph = {
  GRAPH_POLICY_FILE: optional(
    filePath('the path of a policy file'),
    'the policy of this package',
    'The path of your own policy for Microsoft Graph.',
  ),
  GRAPH_POLICY_MORE: optional(
    namesFrom(moreFileNames),
    'none of them',
    'The files of wider areas below `policy/more/` that count in addition to the policy.',
  ),
  GRAPH_BODY_LIMIT_BYTES: bytes(
    { min: 1024, max: 100 * MIB, default: 10 * MIB },
    'Maximum size of a request or response body, for Graph and your own APIs.',
  ),
  GRAPH_TIMEOUT_MS: milliseconds(
    { min: 100, max: 200_000, default: 30_000 },
    'Time limit of one request to Graph or to one of your own APIs, up to the last byte of the response.',
  ),
  GRAPH_REQUEST_ID_CHECK: withDefault(
    requestIdCheck,
    'warn',
    'What happens to a response from Graph that lacks the `client-request-id` of its call.',
  ),
};

const apis = {
  API_NAMES: optional(
    listOf(
      'names, separated by commas',
      'names of your APIs, each once, separated by commas: a lower-case letter, then up to 19 lower-case letters and digits',
      /^[a-z][a-z0-9]{0,19}$/,
    ),
    'none',
    'The names of your own APIs. Each name has the four settings below, with the name in capitals.',
  ),
};

/** The settings of one custom API. In the environment, {@link apiPrefix} precedes each name. */
export const apiSettings = {
  ORIGIN: required(
    origin('the origin of the API, without a path or trailing slash, like https://orders.contoso.com'),
    'The origin of the API.',
  ),
  SCOPE_PREFIX: required(
    scopePrefix(
      "the application ID URI of the API's registration, like api://orders or https://fabrikam.com/orders, without a slash at the end",
    ),
    "The application ID URI of the API's app registration.",
  ),
  POLICY_FILE: required(filePath('the path of a policy file'), 'The path of the policy for this API.'),
  REQUEST_ID_CHECK: withDefault(
    requestIdCheck,
    'ignore',
    'What happens to a response from this API that lacks the `client-request-id` of its call.',
  ),
};

export function apiPrefix(apiName: string): string {
  return `API_${apiName.toUpperCase()}_`;
}

const rateLimits = {
  TRUSTED_PROXY_HOPS: count(
    { min: 0, max: 10, default: 0 },
    'How many proxies in front of the service append the address of their client to `X-Forwarded-For`. With 0, calls are not limited by address.',
  ),
  RATE_LIMIT_USERS_PER_ADDRESS: count(
    { min: 100, max: 1_000_000, default: 2000 },
    'How many users may share one client address. The budgets of an address are proportional to this number.',
  ),
  RATE_LIMIT_CALLS_PER_SECOND: count(
    { min: 0, max: 10_000, default: 50 },
    'How many calls per second one session may make to Graph and to your own APIs, over time. With 0, they are not limited by session.',
  ),
};

const development = {
  DEV_ENTRA_ORIGIN: optional(
    loopbackOrigin('the http origin of the Entra emulator on this machine'),
    'none',
    'The origin of the Entra emulator. Refused in Azure.',
  ),
  DEV_GRAPH_ORIGIN: optional(
    loopbackOrigin('the http origin of the Graph emulator on this machine'),
    'none',
    'The origin of the Graph emulator. Refused in Azure.',
  ),
};

/** Every setting of the service, except those of the custom APIs. */
export const settings = {
  ...address,
  ...pages,
  ...entra,
  ...sessions,
  ...guards,
  ...administration,
  ...graph,
  ...apis,
  ...rateLimits,
  ...development,
};

export type SettingValues = ValuesOf<typeof settings>;

export interface SettingGroup {
  readonly title: string;
  readonly settings: Settings;
}

/** The name of a custom API in the documents. */
const EXAMPLE_API = 'orders';

/** For the documents: the settings under the headings of docs/configuration.md, in its order. */
export const settingGroups: readonly SettingGroup[] = [
  { title: 'Address', settings: address },
  { title: 'Pages', settings: pages },
  { title: 'Microsoft Entra ID', settings: entra },
  { title: 'Sessions', settings: sessions },
  { title: 'Guards', settings: guards },
  { title: 'Admin page', settings: administration },
  { title: 'Microsoft Graph', settings: graph },
  {
    title: 'Your own APIs',
    settings: {
      ...apis,
      ...Object.fromEntries(
        Object.entries(apiSettings).map(([name, setting]) => [`${apiPrefix(EXAMPLE_API)}${name}`, setting]),
      ),
    },
  },
  { title: 'Rate limits', settings: rateLimits },
  { title: 'Development', settings: development },
];
