import { Client, type Context } from '@microsoft/microsoft-graph-client';
import { createClient } from 'entra-bff/client';
import { type Library, requireProblem } from './library.ts';

const bff = createClient({ interaction: 'manual' });
let problem: unknown;

/** Our address, and our fetch as the only middleware. */
const graph = Client.initWithMiddleware({
  baseUrl: `${location.origin}/api/graph/`,
  middleware: {
    async execute(context: Context) {
      try {
        context.response = await bff.fetch(String(context.request), context.options);
      } catch (error) {
        problem = error; // the library hands on no more than its name and its message
        throw error;
      }
    },
  },
});

export const library: Library = {
  me: () => graph.api('/me').select(['displayName', 'jobTitle']).get(),
  messages: async () => (await graph.api('/me/messages').select('subject').top(2).get()).value,
  forbidden: () => graph.api('/me/onenote/notebooks').get(),
  problemOf: () => requireProblem(problem),
  interact: (known) => bff.interact(known, { display: 'redirect' }),
};
