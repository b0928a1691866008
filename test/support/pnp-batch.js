import '@pnp/graph/batching';
import '@pnp/graph/mail';
import '@pnp/graph/users';
import { DefaultHeaders, DefaultInit, graphfi } from '@pnp/graph';
import { DefaultParse } from '@pnp/queryable';

/** In JavaScript, because the types of PnPjs do not resolve as Node.js resolves modules. */
export async function settlePnpBatch(behavior) {
  const graph = graphfi().using(DefaultHeaders(), DefaultInit(), behavior, DefaultParse());
  const [batched, execute] = graph.batched();
  const calls = [
    batched.me.select('displayName')(),
    batched.users.select('passwordProfile')(),
    batched.me.messages.select('subject').top(1)(),
  ];
  await execute();
  return Promise.allSettled(calls);
}
