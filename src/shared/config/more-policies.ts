/** The files of wider areas in `policy/more`, which `GRAPH_POLICY_MORE` may name. They are part of the bundle. */
export const moreFileNames = ['chats', 'colleagues', 'planner', 'presence', 'search', 'sites'] as const;

export type MoreFileName = (typeof moreFileNames)[number];
