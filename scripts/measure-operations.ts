import type { UserAgent } from '../test/support/user-agent.ts';
import { signIn } from '../test/support/world.ts';
import type { TableOperation } from './measure/counting-forwarder.ts';
import { markdownTable } from './measure/markdown-table.ts';
import { type MeasuredProduct, withProduct } from './measure/product.ts';

/** `npm run measure:operations`: storage operations and their bytes by what a person or a page does. Counted, not timed. */
const CACHE_SECONDS = 5; // SESSION_CACHE_SECONDS by default
const TOUCH_SECONDS = 3_600 / 12; // a twelfth of SESSION_IDLE_SECONDS by default
const RENEWED_SECONDS = 60; // MSAL renews what has less than five minutes left

await withProduct(async (product) => {
  const { entra, storage, advance, startWorker } = product;
  const browser = await startWorker();
  await signIn(browser, { user: 'alice' });
  await browser.script('POST', '/api/auth/logout');
  storage.take(); // the first sign-in of a deployment makes the table

  const lines: (string | number)[][] = [];
  const count = async (what: string, action: () => Promise<unknown>) => {
    const before = requestsOf(product);
    await action();
    const after = requestsOf(product);
    lines.push(lineOf(what, storage.take(), after.entra - before.entra, after.graph - before.graph));
  };

  await count('sign-in', () => signIn(browser, { user: 'alice' }));
  await callGraph(browser);
  storage.take();
  await count('call, the copy is fresh', () => callGraph(browser));
  advance(CACHE_SECONDS + 1);
  await count('call, the copy is stale', () => callGraph(browser));
  const elsewhere = withCookiesOf(browser, await startWorker());
  await count('call, another worker', () => callGraph(elsewhere));
  await count('call, the same worker at once again', () => callGraph(elsewhere));
  const third = withCookiesOf(browser, await startWorker());
  await count('ten calls at once, a third worker', () =>
    Promise.all(Array.from({ length: 10 }, () => callGraph(third))),
  );
  advance(TOUCH_SECONDS + 1);
  await count('call that records use (once in 5 minutes)', () => callGraph(browser));
  await count('question who is signed in', () => browser.script('GET', '/api/auth/session'));
  await count('logout', () => browser.script('POST', '/api/auth/logout'));
  await count('call with the cookie of a session that ended', () =>
    elsewhere.script('GET', '/api/graph/v1.0/me'),
  );

  entra.switches.accessTokenLifetimeSeconds = RENEWED_SECONDS;
  await signIn(browser, { user: 'alice' });
  entra.switches.accessTokenLifetimeSeconds = 3_600;
  storage.take();
  await count('call that renews the tokens', () => callGraph(browser));
  console.log(
    markdownTable(
      ['what', 'operations', 'bytes sent', 'bytes received', 'to Entra', 'to Graph', 'which operations'],
      lines,
    ),
  );
});

function requestsOf({ entra, graph }: MeasuredProduct) {
  return { entra: entra.count('token') + entra.count('keys'), graph: graph.count() };
}

function lineOf(what: string, operations: readonly TableOperation[], toEntra: number, toGraph: number) {
  const sum = (bytesOf: (operation: TableOperation) => number) =>
    operations.reduce((total, operation) => total + bytesOf(operation), 0);
  return [
    what,
    operations.length,
    sum(({ sentBytes }) => sentBytes),
    sum(({ receivedBytes }) => receivedBytes),
    toEntra,
    toGraph,
    operations.map(({ name, status }) => `${name} ${status}`).join(', '),
  ];
}

async function callGraph(browser: UserAgent): Promise<void> {
  const { status, body } = await browser.script('GET', '/api/graph/v1.0/me');
  if (status !== 200) throw new Error(`The call was answered ${status}: ${body}`);
}

function withCookiesOf(from: UserAgent, to: UserAgent): UserAgent {
  for (const [name, value] of from.cookies()) to.cookies().set(name, value);
  return to;
}
