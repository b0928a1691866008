import { readFileSync } from 'node:fs';
import shippedPolicy from '../policy/graph.json' with { type: 'json' };
import { ConfigError } from './shared/config.ts';
import { parseGraphPolicy } from './shared/graph/graph-policy.ts';
import type { Policy } from './shared/proxy/policy.ts';

/**
 * The policy of the proxy: the shipped one, which is part of the bundle, or the operator's file.
 * @throws {ConfigError} naming every place in the file that is wrong
 */
export function readPolicy(path: string | undefined): Policy {
  const reading = parseGraphPolicy(path === undefined ? shippedPolicy : readJson(path));
  if (reading.kind === 'policy') return reading.policy;
  throw new ConfigError(reading.faults.map((fault) => `GRAPH_POLICY_FILE, ${fault}`));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const fault =
      cause instanceof SyntaxError ? 'is not JSON; mend it' : 'cannot be read; set it to the path of a file';
    throw new ConfigError([`GRAPH_POLICY_FILE ${fault}.`]);
  }
}
