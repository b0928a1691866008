import { type Environment, isSet } from './setting.ts';

/**
 * At least one of these variables is set everywhere that Azure runs functions. WEBSITE_INSTANCE_ID alone is not enough,
 * because the Flex and Linux Consumption plans do not set it. CONTAINER_NAME, which Linux Consumption sets, is not listed,
 * because machines outside Azure may set it too.
 */
const azureVariables = [
  'WEBSITE_INSTANCE_ID',
  'WEBSITE_POD_NAME',
  'WEBSITE_SITE_NAME',
  'WEBSITE_SKU',
  'CONTAINER_APP_NAME',
] as const;

export function runsInAzure(environment: Environment): boolean {
  return azureVariables.some((name) => isSet(environment[name]));
}

/**
 * Reports what must not be set in Azure: development settings, options of Node that weaken the connections to Entra ID,
 * Graph and the table, and, if the app has no managed identity, settings that need one.
 * @param nodeArguments the command-line options of Node
 */
export function issuesInAzure(environment: Environment, nodeArguments: readonly string[]): readonly string[] {
  return [
    ...identityIssues(environment),
    ...argumentIssues('The command line of Node', nodeArguments.join(' ')),
    ...Object.keys(environment).flatMap((name) => variableIssues(name, environment[name] ?? '')),
  ];
}

/**
 * The variables that show that the app has a managed identity: the one of App Service and Container Apps, its older
 * name, and the one of workload identity.
 */
const identityVariables = ['IDENTITY_ENDPOINT', 'MSI_ENDPOINT', 'AZURE_FEDERATED_TOKEN_FILE'] as const;

/** Reports settings that need a managed identity, if the app has none. */
function identityIssues(environment: Environment): readonly string[] {
  if (identityVariables.some((name) => isSet(environment[name]))) return [];
  const cure =
    'needs a managed identity, and the app has none (IDENTITY_ENDPOINT is missing); assign one on the Identity page of the function app.';
  return [
    ...(environment['ENTRA_CLIENT_CREDENTIAL'] === 'managed-identity'
      ? [`ENTRA_CLIENT_CREDENTIAL ${cure}`]
      : []),
    ...(isSet(environment['SESSION_TABLE_ENDPOINT']) ? [`SESSION_TABLE_ENDPOINT ${cure}`] : []),
  ];
}

/** Windows ignores letter case in the names of variables, so `dev_entra_origin` is read there too. */
function variableIssues(name: string, text: string): readonly string[] {
  if (name.toUpperCase().startsWith('DEV_') && isSet(text)) {
    return [`${name} is a development switch and this process runs in Azure; remove it.`];
  }
  if (name.toUpperCase() === 'NODE_TLS_REJECT_UNAUTHORIZED' && text.trim() === '0') {
    return [`${name} disables the validation of TLS certificates and this process runs in Azure; remove it.`];
  }
  return argumentVariablePattern.test(name) ? argumentIssues(name, text) : [];
}

/** `NODE_OPTIONS`, and the setting `languageWorkers:node:arguments`, whose value the Functions host passes to Node. */
const argumentVariablePattern =
  /^(?:NODE_OPTIONS|(?:\w+(?:__|:))?languageWorkers(?:__|:)node(?:__|:)arguments)$/i;
/** Node treats `_` and `-` in the names of its arguments as equal. */
const weakeningArgumentPattern =
  /--(?:insecure[-_]http[-_]parser|tls[-_]min[-_]v1\.[01]|tls[-_]keylog|trace[-_]tls)(?![\w.-])/;

function argumentIssues(source: string, text: string): readonly string[] {
  const [argument] = weakeningArgumentPattern.exec(text) ?? [];
  return argument === undefined
    ? []
    : [`${source} has ${argument} and this process runs in Azure; remove that argument.`];
}
