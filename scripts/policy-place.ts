import { fileURLToPath } from 'node:url';
import type { PolicyPlace } from '../cli/policy/command.ts';
import { readPolicyFile } from '../src/shared/config/policies.ts';

const file = fileURLToPath(new URL('../policy/graph.json', import.meta.url));

/** For `npm run policy`: the policy of this repository. */
export const repositoryPolicy: PolicyPlace = {
  command: 'npm run policy --',
  file,
  name: 'policy/graph.json',
  read: (scopePrefix) => readPolicyFile(file, scopePrefix),
  howToUse: (changed) => `GRAPH_POLICY_FILE=${changed} npm start`,
};
