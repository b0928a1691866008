import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  type Context,
  PageIterator,
} from '@microsoft/microsoft-graph-client';
import { createClient } from 'entra-bff/client';
import { type Library, requireProblem } from './library.ts';

const bff = createClient({ interaction: 'manual' });
let problem: unknown;

/** The library recognizes absolute addresses by `https://` only. It puts its base address before `http://` links. */
const withoutBaseUrl = (url: string) => url.replace(/^.*\/v1\.0\/(?=http:\/\/)/, '');

/** Uses the address of this service, with the client's `fetch` as the only middleware. */
const graph = Client.initWithMiddleware({
  baseUrl: `${location.origin}/api/graph/`,
  middleware: {
    async execute(context: Context) {
      try {
        context.response = await bff.fetch(withoutBaseUrl(String(context.request)), context.options);
      } catch (error) {
        problem = error; // The library passes on only its name and message.
        throw error;
      }
    },
  },
});

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
  problemOf: () => requireProblem(problem),
  interact: (known) => bff.interact(known, { display: 'redirect' }),
};
