import type { UserAgent } from '../../test/support/user-agent.ts';
import { signIn } from '../../test/support/world.ts';
import type { TableOperation } from './counting-forwarder.ts';
import { type MeasuredProduct, withProduct } from './product.ts';

const CACHE_SECONDS = 1; // SESSION_CACHE_SECONDS by default
const USE_RECORDED_SECONDS = 3_600 / 12; // a twelfth of SESSION_IDLE_SECONDS, by default
const EXPIRING_SECONDS = 40; // a call waits for the renewal of a token with less than a minute left
const SESSION_SECONDS = 14 * 60 * 60; // more than SESSION_ABSOLUTE_SECONDS and the hour in which the session ends
const EXPIRED_SESSIONS = 10;

/** What an action of a user or a page asks of storage, Entra ID and Graph. Bytes are those of the bodies. */
export interface CountedAction {
  readonly title: string;
  readonly operations: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly toEntra: number;
  readonly toGraph: number;
  /** `3 × insert 204, read 404`, in the order of their first occurrence. */
  readonly summary: string;
}

/** Runs the whole product, and counts the storage operations of each action. */
export async function countOperations(): Promise<readonly CountedAction[]> {
  const actions: CountedAction[] = [];
  await withProduct((product) => countActions(product, actions));
  return actions;
}

async function countActions(product: MeasuredProduct, actions: CountedAction[]): Promise<void> {
  const { entra, storage, advance, startWorker } = product;
  const worker = await startWorker();
  const browser = worker.browser();
  const signInAsAlice = (agent: UserAgent) => signIn(agent, { user: 'alice' });
  await signInAsAlice(browser);
  await logOut(browser);
  storage.take(); // the first sign-in of a deployment creates the table

  const count = async (title: string, action: () => Promise<unknown>) => {
    const before = requestsOf(product);
    await action();
    const after = requestsOf(product);
    actions.push(
      toCountedAction(title, storage.take(), after.entra - before.entra, after.graph - before.graph),
    );
  };

  await count('sign-in', () => signInAsAlice(browser));
  await callGraph(browser);
  storage.take(); // if the sign-in took longer than a cached session lasts
  await count('call, the cached session is fresh', () => callGraph(browser));
  advance(CACHE_SECONDS + 1);
  await count('call, the cached session is stale', () => callGraph(browser));
  const elsewhere = withCookiesOf(browser, (await startWorker()).browser());
  await count('call, a worker without the session in memory', () => callGraph(elsewhere));
  const third = withCookiesOf(browser, (await startWorker()).browser());
  await count('ten concurrent calls, a worker without the session in memory', () =>
    Promise.all(Array.from({ length: 10 }, () => callGraph(third))),
  );
  advance(USE_RECORDED_SECONDS + 1);
  await count('call that records use, once in 5 minutes', () => callGraph(browser));
  await count('sign-out, the cached session is fresh', () => logOut(browser));
  await count('call with the cookie of an ended session', () =>
    elsewhere.script('GET', '/api/graph/v1.0/me'),
  );

  entra.switches.accessTokenLifetimeSeconds = EXPIRING_SECONDS;
  await signInAsAlice(browser);
  entra.switches.accessTokenLifetimeSeconds = 3_600;
  storage.take();
  await count('call that renews the tokens, the cached session is fresh', () => callGraph(browser));
  await count('sign-in that replaces a session', () => signInAsAlice(browser));
  await logOut(browser);

  const sweep = () => worker.runTimer('sweep');
  advance(SESSION_SECONDS);
  await sweep(); // signing out left rows too
  for (let session = 0; session < EXPIRED_SESSIONS; session++) await signInAsAlice(worker.browser());
  storage.take();
  await count('sweep, nothing has expired', sweep);
  advance(SESSION_SECONDS);
  await count(`sweep of ${EXPIRED_SESSIONS} expired sessions`, sweep);
}

function requestsOf({ entra, graph }: MeasuredProduct) {
  return { entra: entra.count('token'), graph: graph.count() };
}

function toCountedAction(
  title: string,
  operations: readonly TableOperation[],
  toEntra: number,
  toGraph: number,
): CountedAction {
  const sum = (bytesOf: (operation: TableOperation) => number) =>
    operations.reduce((total, operation) => total + bytesOf(operation), 0);
  return {
    title,
    operations: operations.length,
    sentBytes: sum(({ sentBytes }) => sentBytes),
    receivedBytes: sum(({ receivedBytes }) => receivedBytes),
    toEntra,
    toGraph,
    summary: summaryOf(operations),
  };
}

function summaryOf(operations: readonly TableOperation[]): string {
  const counts = new Map<string, number>();
  for (const { name, status } of operations) {
    const key = `${name} ${status}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(', ');
}

async function logOut(browser: UserAgent): Promise<void> {
  const { status, body } = await browser.script('POST', '/api/auth/logout');
  if (status !== 200) throw new Error(`Signing out returned ${status}: ${body}`);
}

async function callGraph(browser: UserAgent): Promise<void> {
  const { status, body } = await browser.script('GET', '/api/graph/v1.0/me');
  if (status !== 200) throw new Error(`The call returned ${status}: ${body}`);
}

function withCookiesOf(from: UserAgent, to: UserAgent): UserAgent {
  for (const [name, value] of from.cookies()) to.cookies().set(name, value);
  return to;
}
