import { DefaultHeaders, DefaultInit, graphfi } from '@pnp/graph';
import '@pnp/graph/batching';
import '@pnp/graph/users';
import '@pnp/graph/mail';
import { DefaultParse } from '@pnp/queryable';
import { createClient } from 'entra-bff/client';
import { requireProblem } from './library.ts';

const bff = createClient({ interaction: 'manual' });

/** Uses the address of this service, with the client's `fetch` instead of the library's own. */
const graph = graphfi().using(
  DefaultHeaders(),
  DefaultInit(`${location.origin}/api/graph/v1.0`),
  DefaultParse(),
  (instance) => {
    instance.on.send.replace((url, init) => bff.fetch(url, init));
    return instance;
  },
);

/** @type {import('./library.ts').Library} */
export const library = {
  me: () => graph.me.select('displayName', 'jobTitle')(),
  messages: () => graph.me.messages.select('subject').top(2)(),
  async allMessages() {
    const subjects = [];
    for await (const page of graph.me.messages.select('subject').top(10)) {
      subjects.push(...page.map(({ subject }) => subject));
    }
    return subjects;
  },
  async batch() {
    const [batched, execute] = graph.batched();
    const me = batched.me.select('displayName')();
    const mail = batched.me.messages.select('subject').top(1)();
    await execute();
    return [(await me).displayName, (await mail)[0].subject];
  },
  forbidden: () => graph.users(),
  problemOf: requireProblem,
  interact: (problem) => bff.interact(problem, { display: 'redirect' }),
};
