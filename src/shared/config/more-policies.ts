import chats from '../../../policy/more/chats.json' with { type: 'json' };
import colleagues from '../../../policy/more/colleagues.json' with { type: 'json' };
import planner from '../../../policy/more/planner.json' with { type: 'json' };
import presence from '../../../policy/more/presence.json' with { type: 'json' };
import search from '../../../policy/more/search.json' with { type: 'json' };
import sites from '../../../policy/more/sites.json' with { type: 'json' };

/** The files of wider areas, by their name in `GRAPH_POLICY_MORE`. They are part of the bundle. */
const documents = { chats, colleagues, planner, presence, search, sites };

export type MoreFileName = keyof typeof documents;

export const moreFileNames = Object.keys(documents) as readonly MoreFileName[];

export const moreDocument = (name: MoreFileName): unknown => documents[name];
