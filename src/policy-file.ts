import { readFileSync } from 'node:fs';
import shippedPolicy from '../policy/graph.json' with { type: 'json' };
import type { ApiConfig } from './shared/api-settings.ts';
import { type Config, ConfigError } from './shared/config.ts';
import { parseGraphPolicy } from './shared/graph/graph-policy.ts';
import { type Features, joinFeatures } from './shared/proxy/features.ts';
import { parseOwnApiPolicy } from './shared/proxy/own-api-policy.ts';
import type { Policy, PolicyReading } from './shared/proxy/policy.ts';

/** What may be called, of every upstream API. */
export interface Policies {
  readonly graph: Policy;
  readonly apis: readonly OwnApi[];
  readonly features: Features;
}

export interface OwnApi extends ApiConfig {
  readonly policy: Policy;
}

/** @throws {ConfigError} naming every place in the files that is wrong */
export function readPolicies({ graph: { policyFile }, apis }: Pick<Config, 'graph' | 'apis'>): Policies {
  const graph = readPolicy(policyFile);
  const ownApis = apis.map((api): OwnApi => {
    const setting = `API_${api.name.toUpperCase()}_POLICY_FILE`;
    const document = readJson(api.policyFile, setting);
    return { ...api, policy: requirePolicy(parseOwnApiPolicy(document, api.scopePrefix), setting) };
  });
  const joined = joinFeatures([graph, ...ownApis.map(({ policy }) => policy)]);
  if (joined.kind === 'features') return { graph, apis: ownApis, features: joined.features };
  throw new ConfigError([
    `API_NAMES, the feature "${joined.name}" is in two policies, and nobody could tell which is meant; rename one of them.`,
  ]);
}

/**
 * The policy for Microsoft Graph: the shipped one, which is part of the bundle, or the operator's file.
 * @throws {ConfigError} naming every place in the file that is wrong
 */
export function readPolicy(path: string | undefined): Policy {
  const setting = 'GRAPH_POLICY_FILE';
  const document = path === undefined ? shippedPolicy : readJson(path, setting);
  return requirePolicy(parseGraphPolicy(document), setting);
}

function requirePolicy(reading: PolicyReading, setting: string): Policy {
  if (reading.kind === 'policy') return reading.policy;
  throw new ConfigError(reading.faults.map((fault) => `${setting}, ${fault}`));
}

function readJson(path: string, setting: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const fault =
      cause instanceof SyntaxError ? 'is not JSON; mend it' : 'cannot be read; set it to the path of a file';
    throw new ConfigError([`${setting} ${fault}.`]);
  }
}
