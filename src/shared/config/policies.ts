import { readFileSync } from 'node:fs';
import { administrationFeatures } from '../admin/administration.ts';
import { parseCustomApiPolicy } from '../policy/custom-api.ts';
import { type Features, joinFeatures } from '../policy/features.ts';
import { graphProfile, parseGraphPolicy } from '../policy/graph-profile.ts';
import { mergePolicies, type PolicySource } from '../policy/merge.ts';
import type { PolicyResult } from '../policy/parse.ts';
import { compilePolicy, type Policy } from '../policy/policy.ts';
import { parseStrictJson } from '../policy/strict-json.ts';
import type { ApiConfig } from './api-settings.ts';
import { type Config, ConfigError } from './config.ts';
import type { MoreFileName } from './more-policies.ts';
import { morePolicies as moreDocuments, shippedPolicy } from './shipped-policies.ts';

/** The allowed calls of every upstream API. */
export interface Policies {
  readonly graph: Policy;
  readonly apis: readonly CustomApi[];
  readonly features: Features;
}

export interface CustomApi extends ApiConfig {
  readonly policy: Policy;
}

/** @throws {ConfigError} that lists every issue of the first invalid file, or one feature name that is used twice */
export function readPolicies({ graph: graphConfig, apis }: Pick<Config, 'graph' | 'apis'>): Policies {
  const graph = readGraphPolicy(graphConfig.policyFile, graphConfig.morePolicies);
  const customApis = apis.map((api): CustomApi => {
    const result = readPolicyFile(api.policyFile, api.scopePrefix);
    return { ...api, policy: requirePolicy(result, `API_${api.name.toUpperCase()}_POLICY_FILE`) };
  });
  const joined = joinFeatures([graph, ...customApis.map(({ policy }) => policy)]);
  if (joined.kind === 'features') {
    const conflicting = administrationFeatures.find(
      ({ name }) => joined.features.findByName(name) !== undefined,
    );
    if (conflicting === undefined) return { graph, apis: customApis, features: joined.features };
    throw new ConfigError([
      `GRAPH_POLICY_FILE or an API_…_POLICY_FILE, a feature is named "${conflicting.name}", which the admin page uses already; rename the feature.`,
    ]);
  }
  throw new ConfigError([
    `API_NAMES, two policies have a feature named "${joined.name}"; rename one of the two features.`,
  ]);
}

/**
 * The policy for Microsoft Graph: the shipped one, which is part of the bundle, or the operator's file; with the features of
 * further files that the operator names.
 * @throws {ConfigError} that lists every issue of the file, or what two files have in common
 */
export function readGraphPolicy(path: string | undefined, moreFiles: readonly MoreFileName[] = []): Policy {
  const policy =
    path === undefined
      ? compilePolicy(shippedPolicy, graphProfile)
      : requirePolicy(readPolicyFile(path), 'GRAPH_POLICY_FILE');
  if (moreFiles.length === 0) return policy;
  const more = moreFiles.map(
    (name): PolicySource => ({ file: moreFileOf(name), policy: readMorePolicy(name) }),
  );
  // The value of a setting does not belong into the log.
  const first = { file: path === undefined ? 'policy/graph.json' : 'the file of GRAPH_POLICY_FILE', policy };
  return requirePolicy(mergePolicies([first, ...more], graphProfile), 'GRAPH_POLICY_MORE');
}

const moreFileOf = (name: MoreFileName) => `policy/more/${name}.json`;

/** One of the files of wider areas, without the policy to which it is added. */
export function readMorePolicy(name: MoreFileName): Policy {
  return compilePolicy(moreDocuments[name], graphProfile);
}

/**
 * Reads a policy file. Every issue in the result has a position and a hint.
 * @param scopePrefix the application ID URI of a custom API. If omitted, the file is for Microsoft Graph.
 */
export function readPolicyFile(path: string, scopePrefix?: string): PolicyResult {
  const text = readText(path);
  return text === undefined
    ? invalid('cannot be read; give the path of a file')
    : parsePolicyText(text, scopePrefix);
}

const invalid = (issue: string): PolicyResult => ({ kind: 'invalid', issues: [`the file: ${issue}`] });

/** Reads the text of a policy file, as {@link readPolicyFile} does. */
export function parsePolicyText(text: string, scopePrefix?: string): PolicyResult {
  const parsed = parseStrictJson(text);
  switch (parsed.kind) {
    case 'json':
      return scopePrefix === undefined
        ? parseGraphPolicy(parsed.value)
        : parseCustomApiPolicy(parsed.value, scopePrefix);
    case 'malformed':
      return invalid(`is not JSON${parsed.at === undefined ? '' : ` at ${parsed.at}`}; correct it`);
    case 'duplicate':
      return invalid(`has the name ${JSON.stringify(parsed.name)} twice in one object; remove one`);
  }
}

function requirePolicy(result: PolicyResult, setting: string): Policy {
  if (result.kind === 'policy') return result.policy;
  throw new ConfigError(result.issues.map((issue) => `${setting}, ${issue}`));
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
