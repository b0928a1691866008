import '@pnp/graph/batching';
import '@pnp/graph/users';
import '@pnp/graph/mail';
import { createClient } from 'entra-bff/client';
import { createGraph } from '../../../examples/graph-libraries/pnp.js';
import { requireProblem } from './library.ts';

const bff = createClient({ interaction: 'manual' });
const graph = createGraph(bff);

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
  forbidden: () => graph.me.messages.top(100_000)(),
  problemOf: requireProblem,
  interact: (problem) => bff.interact(problem, { display: 'redirect' }),
};
