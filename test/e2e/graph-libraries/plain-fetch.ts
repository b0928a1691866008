import { createClient } from 'entra-bff/client';
import { type Library, requireProblem } from './library.ts';

const bff = createClient({ interaction: 'manual' });
const get = async (path: string) => (await bff.graph(path)).json();

export const library: Library = {
  me: () => get('/me?$select=displayName,jobTitle'),
  messages: async () => (await get('/me/messages?$select=subject&$top=2')).value,
  async allMessages() {
    const subjects: unknown[] = [];
    let path: string | undefined = '/me/messages?$select=subject&$top=10';
    while (path !== undefined) {
      const page: { value: { subject: unknown }[]; '@odata.nextLink'?: string } = await get(path);
      subjects.push(...page.value.map(({ subject }) => subject));
      path = page['@odata.nextLink'];
    }
    return subjects;
  },
  async batch() {
    const requests = [
      { id: '1', method: 'GET', url: '/me?$select=displayName' },
      { id: '2', method: 'GET', url: '/me/messages?$select=subject&$top=1' },
    ];
    // As ky and axios call `fetch`. The service needs the length of the body.
    const request = new Request('/api/graph/v1.0/$batch', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ requests }),
    });
    const answer = await bff.fetch(request);
    const { responses } = await answer.json();
    return [responses[0].body.displayName, responses[1].body.value[0].subject];
  },
  forbidden: () => get('/me/onenote/notebooks'),
  problemOf: requireProblem,
  interact: (problem) => bff.interact(problem, { display: 'redirect' }),
};
