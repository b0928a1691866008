import { BatchRequestContent, BatchResponseContent, PageIterator } from '@microsoft/microsoft-graph-client';
import { createClient } from 'entra-bff/client';
import { createGraphClient } from '../../../examples/graph-libraries/microsoft-graph-client.ts';
import { type Library, requireProblem } from './library.ts';

const bff = createClient({ interaction: 'manual' });
const graph = createGraphClient(bff);

export const library: Library = {
  me: () => graph.api('/me').select(['displayName', 'jobTitle']).get(),
  messages: async () => (await graph.api('/me/messages').select('subject').top(2).get()).value,
  async allMessages() {
    const subjects: unknown[] = [];
    const firstPage = await graph.api('/me/messages').select('subject').top(10).get();
    await new PageIterator(graph, firstPage, ({ subject }) => subjects.push(subject) > 0).iterate();
    return subjects;
  },
  async batch() {
    const content = new BatchRequestContent([
      { id: 'me', request: new Request('/me?$select=displayName') },
      { id: 'mail', request: new Request('/me/messages?$select=subject&$top=1') },
    ]);
    const answer = new BatchResponseContent(await graph.api('/$batch').post(await content.getContent()));
    const me = await answer.getResponseById('me').json();
    const mail = await answer.getResponseById('mail').json();
    return [me.displayName, mail.value[0].subject];
  },
  forbidden: () => graph.api('/me/onenote/notebooks').get(),
  problemOf: requireProblem,
  interact: (known) => bff.interact(known, { display: 'redirect' }),
};
