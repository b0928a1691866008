import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPolicyCommand } from '../../cli/policy/command.ts';
import { BffProblem, type Client } from '../../client/client.ts';
import { repositoryPolicy } from '../../scripts/policy-place.ts';
import { policyOf } from '../support/policies.ts';
import { type PolicyFile, policyOfTasks, readTasks, type TaskBlock } from '../support/policy-guide.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';
import { openClientPage } from './client-page.ts';

const tasks = readTasks();
/** The last task begins with the policy of the others, and adds a rule. */
const [before, after] = [policyOfTasks(tasks.slice(0, -1)), policyOfTasks(tasks)];

let world: World;
let workers: { readonly before: Worker; readonly after: Worker };
let folder: string;
const browsers = new Map<string, UserAgent>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'policy-tasks-'));
  world = await startWorld();
  grantSignIn(world);
  // A task asks for the permissions that its response shows. Alice has granted all others.
  const asked = tasks.flatMap(({ blocks }) => blocks).flatMap(askedScopesOf);
  const { features } = policyOf(after);
  const scopes = features.flatMap((feature) => feature.scopes).filter((scope) => !asked.includes(scope));
  grantSignIn(world, 'Alice', scopes);
  workers = { before: await startWorker('before', before), after: await startWorker('after', after) };
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

function startWorker(name: string, file: PolicyFile): Promise<Worker> {
  return world.startWorker({ environment: { GRAPH_POLICY_FILE: write(name, file) } });
}

function write(name: string, file: PolicyFile): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(file, undefined, 2));
  return path;
}

describe('the tasks of docs/policy.md', () => {
  it.for(tasks)('$title', async ({ blocks }) => {
    const ruleAt = blocks.findIndex(({ kind }) => kind === 'rules');
    for (const [at, block] of blocks.entries()) {
      const isLast = blocks === tasks.at(-1)?.blocks;
      await check(block, isLast && at > ruleAt ? workers.after : workers.before);
    }
    const calls = blocks.filter((block) => block.kind === 'call');
    expect(ruleAt, 'a rule').toBeGreaterThanOrEqual(0);
    expect(
      calls.some(({ response }) => response === undefined || isAsking(response)),
      'a call',
    ).toBe(true);
    expect(
      calls.some(({ response }) => response !== undefined && !isAsking(response)),
      'a refusal',
    ).toBe(true);
  });

  it('lead to a valid policy after each task', () => {
    for (const at of tasks.keys()) policyOf(policyOfTasks(tasks.slice(0, at + 1)));
  });

  it('show the rule that the command of the last task writes', () => {
    const file = write('added', before);
    expect(runPolicyCommand(['add', 'GET /me/presence', file], repositoryPolicy).isGood).toBe(true);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(after);
  });
});

function check(block: TaskBlock, worker: Worker): void | Promise<void> {
  switch (block.kind) {
    case 'rules':
      return;
    case 'call':
      return checkCall(block, worker);
    case 'command': {
      const args = block.args.map((word) => (word === 'my-policy.json' ? write('my-policy', before) : word));
      expect(runPolicyCommand(args, repositoryPolicy).text).toBe(block.output);
    }
  }
}

async function checkCall({ code, response }: TaskBlock & { kind: 'call' }, worker: Worker): Promise<void> {
  const [, user = 'alice'] = /^\/\/ As (\w+)/.exec(code) ?? [];
  const signedIn = await browserOf(user.toLowerCase());
  const browser = worker === workers.before ? signedIn : signedIn.clone(worker.origin);
  const first = await run(code, browser);
  const answer = browser.received.findLast(({ url }) => url.pathname.startsWith('/api/graph/'));
  if (response !== undefined) expect(JSON.parse(answer?.body ?? '')).toMatchObject(toExpected(response));
  if (response !== undefined && !isAsking(response)) {
    expect(first.printed).toBe(first.expected);
    return;
  }
  const last = await runAfterAsking(code, browser, user.toLowerCase(), first);
  expect(last.problem).toBeUndefined();
  expect(last.printed).toBe(last.expected);
  for (const { status, headers } of last.pictures) {
    expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^image\//)]);
  }
}

interface Outcome {
  readonly problem: BffProblem | undefined;
  readonly printed: string;
  /** The comments behind `console.log(…)`. */
  readonly expected: string;
  readonly pictures: readonly WireAnswer[];
}

/** Does what the client does in a window: the user consents, and the call is made again. */
async function runAfterAsking(
  code: string,
  browser: UserAgent,
  user: string,
  { problem, ...first }: Outcome,
): Promise<Outcome> {
  if (problem?.loginUrl === undefined) return { problem, ...first };
  await signIn(browser, { user, from: problem.loginUrl });
  return runAfterAsking(code, browser, user, await run(code, browser));
}

/** What the code of the tasks uses of a page. */
interface Page {
  readonly client: Client;
  readonly console: { log(text: unknown): void };
  importClient(): { createClient(): Client };
  readonly Image: typeof Picture;
  readonly document: { readonly body: { append(picture: Picture): void } };
}

class Picture {
  src = '';
}

/** Runs code as a page does that has the browser client. */
async function run(code: string, browser: UserAgent): Promise<Outcome> {
  const { client } = openClientPage(browser, workers.before.origin, { interaction: 'manual' });
  const printed: string[] = [];
  const shown: Picture[] = [];
  const expected = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text = '']) => text);
  const body = code.replace("import('/api/auth/client.js')", 'importClient()');
  const start: (page: Page) => Promise<void> = runInThisContext(
    `(async ({ client, console, importClient, Image, document }) => { { ${body} } })`,
  );
  const problem = await start({
    client,
    console: { log: (text) => printed.push(String(text)) },
    importClient: () => ({ createClient: () => client }),
    Image: Picture,
    document: { body: { append: (picture) => shown.push(picture) } },
  }).then(() => undefined, toProblem);
  const pictures = await Promise.all(shown.map((picture) => load(picture, browser)));
  return { problem, printed: printed.join(', '), expected: expected.join(', '), pictures };
}

/** Loads a picture as a browser does: without a script. */
function load({ src }: Picture, browser: UserAgent): Promise<WireAnswer> {
  const { pathname, search } = new URL(src, browser.received[0]?.url);
  return browser.request(pathname + search, {
    headers: {
      accept: 'image/avif,image/webp,image/*,*/*;q=0.8',
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'no-cors',
      'sec-fetch-dest': 'image',
    },
  });
}

function toProblem(error: unknown): BffProblem {
  if (error instanceof BffProblem) return error;
  throw error;
}

async function browserOf(user: string): Promise<UserAgent> {
  const known = browsers.get(user);
  if (known !== undefined) return known;
  const browser = workers.before.browser();
  browsers.set(user, browser);
  await signIn(browser, { user });
  return browser;
}

function askedScopesOf(block: TaskBlock): readonly unknown[] {
  const { scopes = [] }: { scopes?: readonly unknown[] } = (block.kind === 'call' && block.response) || {};
  return scopes;
}

const isAsking = (response: object) => 'code' in response && response.code === 'interaction_required';

/** The response with a pattern for each text that has "…". */
function toExpected(value: object): object {
  const entries = Object.entries(value).map(([name, member]: [string, unknown]) => [name, toPattern(member)]);
  return Array.isArray(value) ? value.map(toPattern) : Object.fromEntries(entries);
}

function toPattern(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) return toExpected(value);
  if (typeof value !== 'string' || !value.includes('…')) return value;
  return expect.stringMatching(new RegExp(`^${value.split('…').map(escaped).join('.+')}$`, 's'));
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
