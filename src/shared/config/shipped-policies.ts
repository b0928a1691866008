import graph from '../../../policy/graph.json' with { type: 'json' };
import chats from '../../../policy/more/chats.json' with { type: 'json' };
import colleagues from '../../../policy/more/colleagues.json' with { type: 'json' };
import planner from '../../../policy/more/planner.json' with { type: 'json' };
import presence from '../../../policy/more/presence.json' with { type: 'json' };
import search from '../../../policy/more/search.json' with { type: 'json' };
import sites from '../../../policy/more/sites.json' with { type: 'json' };
import { parsePolicyDocument } from '../policy/document.ts';
import { graphProfile } from '../policy/graph-profile.ts';
import type { PolicyDocument } from '../policy/schema.ts';
import type { MoreFileName } from './more-policies.ts';

/**
 * The policies of this repository, checked. `build/bundle.ts` runs this module and bundles its exports, so that no worker
 * checks them again at its start.
 */
export const shippedPolicy: PolicyDocument = requireDocument('policy/graph.json', graph);

/** The files of wider areas. */
export const morePolicies: Readonly<Record<MoreFileName, PolicyDocument>> = {
  chats: requireDocument('policy/more/chats.json', chats),
  colleagues: requireDocument('policy/more/colleagues.json', colleagues),
  planner: requireDocument('policy/more/planner.json', planner),
  presence: requireDocument('policy/more/presence.json', presence),
  search: requireDocument('policy/more/search.json', search),
  sites: requireDocument('policy/more/sites.json', sites),
};

function requireDocument(file: string, json: unknown): PolicyDocument {
  const result = parsePolicyDocument(json, graphProfile);
  if (result.kind === 'document') return result.document;
  throw new Error([`${file} is not a policy:`, ...result.issues].join('\n'));
}
