import { markdownTable } from './support/markdown-table.ts';
import { countOperations } from './support/operations.ts';

/** `npm run measure:operations`: counts the storage operations and bytes of each action of a user or a page. */
const actions = await countOperations();
console.log(
  markdownTable(
    ['action', 'operations', 'bytes sent', 'bytes received', 'to Entra', 'to Graph', 'which operations'],
    actions.map(({ title, operations, sentBytes, receivedBytes, toEntra, toGraph, summary }) => [
      title,
      operations,
      sentBytes,
      receivedBytes,
      toEntra,
      toGraph,
      summary,
    ]),
  ),
);
