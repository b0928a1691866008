import type { UserAgent } from '../test/support/user-agent.ts';
import { signIn } from '../test/support/world.ts';
import type { TableOperation } from './support/counting-forwarder.ts';
import { markdownTable } from './support/markdown-table.ts';
import { type MeasuredProduct, withProduct } from './support/product.ts';

const CACHE_SECONDS = 5; // SESSION_CACHE_SECONDS by default
const TOUCH_SECONDS = 3_600 / 12; // a twelfth of SESSION_IDLE_SECONDS by default
const RENEWED_SECONDS = 60; // MSAL renews what has less than five minutes left
const SESSION_SECONDS = 14 * 60 * 60; // SESSION_ABSOLUTE_SECONDS by default, and the hour it ends in
const EXPIRED_SESSIONS = 10;

/** `npm run measure:operations`: storage operations and their bytes by what a person or a page does. Counted, not timed. */
await withProduct(async (product) => {
  const { entra, storage, advance, startWorker } = product;
  const worker = await startWorker();
  const browser = worker.browser();
  const signInAs = (who: UserAgent) => signIn(who, { user: 'alice' });
  await signInAs(browser);
  await logOut(browser);
  storage.take(); // the first sign-in of a deployment makes the table

  const lines: (string | number)[][] = [];
  const count = async (what: string, action: () => Promise<unknown>) => {
    const before = requestsOf(product);
    await action();
    const after = requestsOf(product);
    lines.push(lineOf(what, storage.take(), after.entra - before.entra, after.graph - before.graph));
  };

  await count('sign-in', () => signInAs(browser));
  await count('call, the copy is fresh', () => callGraph(browser));
  advance(CACHE_SECONDS + 1);
  await count('call, the copy is stale', () => callGraph(browser));
  const elsewhere = withCookiesOf(browser, (await startWorker()).browser());
  await count('call, a worker without a copy', () => callGraph(elsewhere));
  const third = withCookiesOf(browser, (await startWorker()).browser());
  await count('ten calls at once, a worker without a copy', () =>
    Promise.all(Array.from({ length: 10 }, () => callGraph(third))),
  );
  advance(TOUCH_SECONDS + 1);
  await count('call that records use, once in 5 minutes', () => callGraph(browser));
  await count('logout, the copy is fresh', () => logOut(browser));
  await count('call with the cookie of a session that ended', () =>
    elsewhere.script('GET', '/api/graph/v1.0/me'),
  );

  entra.switches.accessTokenLifetimeSeconds = RENEWED_SECONDS;
  await signInAs(browser);
  entra.switches.accessTokenLifetimeSeconds = 3_600;
  storage.take();
  await count('call that renews the tokens, the copy is fresh', () => callGraph(browser));
  await count('sign-in that replaces a session', () => signInAs(browser));
  await logOut(browser);

  const sweep = () => worker.runTimer('sweep');
  advance(SESSION_SECONDS);
  await sweep(); // those who signed out have left rows as well
  for (let session = 0; session < EXPIRED_SESSIONS; session++) await signInAs(worker.browser());
  storage.take();
  await count('sweep, nothing has expired', sweep);
  advance(SESSION_SECONDS);
  await count(`sweep of ${EXPIRED_SESSIONS} expired sessions`, sweep);
  console.log(
    markdownTable(
      ['what', 'operations', 'bytes sent', 'bytes received', 'to Entra', 'to Graph', 'which operations'],
      lines,
    ),
  );
});

function requestsOf({ entra, graph }: MeasuredProduct) {
  return { entra: entra.count('token'), graph: graph.count() };
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
    namesOf(operations),
  ];
}

/** `3 × insert 204, read 404`: in the order in which each came first. */
function namesOf(operations: readonly TableOperation[]): string {
  const times = new Map<string, number>();
  for (const { name, status } of operations) {
    const key = `${name} ${status}`;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  return [...times].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(', ');
}

async function logOut(browser: UserAgent): Promise<void> {
  const { status, body } = await browser.script('POST', '/api/auth/logout');
  if (status !== 200) throw new Error(`Signing out was answered ${status}: ${body}`);
}

async function callGraph(browser: UserAgent): Promise<void> {
  const { status, body } = await browser.script('GET', '/api/graph/v1.0/me');
  if (status !== 200) throw new Error(`The call was answered ${status}: ${body}`);
}

function withCookiesOf(from: UserAgent, to: UserAgent): UserAgent {
  for (const [name, value] of from.cookies()) to.cookies().set(name, value);
  return to;
}
