import { defaultGraphSwitches } from '@entra-bff/graph-emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let alice: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  grantSignIn(world);
  worker = await world.startWorker();
  alice = worker.browser();
  await signIn(alice, { user: 'alice' });
});
afterAll(() => world.close());
afterEach(() => void Object.assign(world.graph.switches, defaultGraphSwitches()));

const callGraph = () => alice.script('GET', '/api/graph/v1.0/me');
/** The lines of the log since the last call of this function, without the ids of calls. */
function takeLines(): unknown[] {
  return worker.logLines
    .splice(0)
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const { invocation_id: _, user: __, ...record } = JSON.parse(line) as Record<string, unknown>;
      return record;
    });
}

describe('the log', () => {
  it('has one line a minute about an outage of Graph, with the number of its answers', async () => {
    takeLines();
    // The worker's own log, because the count is not of one user.
    using console = vi.spyOn(globalThis.console, 'warn').mockReturnValue();
    const takeWarnings = () => console.mock.calls.splice(0).map(([line]) => JSON.parse(String(line)));
    world.graph.switches.unavailable = true;
    for (let call = 0; call < 20; call++) expect((await callGraph()).status).toBe(503);
    const line = { event: 'upstream-errors', upstream: 'graph', status: 503 };
    expect(takeWarnings()).toEqual([{ ...line, count: 1 }]);
    world.graph.switches.unavailable = false;
    world.pass(60);
    expect((await callGraph()).status).toBe(200);
    expect(takeWarnings()).toEqual([{ ...line, count: 19 }]);
    expect(takeLines()).toEqual([]);
  });

  it('has one line a minute about a Graph that does not respond', async () => {
    using console = vi.spyOn(globalThis.console, 'warn').mockReturnValue();
    world.graph.switches.breaksOff = 'before-head';
    for (let call = 0; call < 5; call++) expect((await callGraph()).status).toBe(502);
    const lines = console.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(lines).toEqual([
      { event: 'upstream-errors', upstream: 'graph', failure: 'unreachable', count: 1 },
    ]);
  });

  it('has one line about a call with the cookie of a session that has ended', async () => {
    takeLines();
    world.advance(3601);
    expect((await callGraph()).status).toBe(401);
    expect(takeLines()).toEqual([
      { event: 'refused', audit: true, code: 'session_required', status: 401, reason: 'session_idle' },
    ]);
    // Where no session is required, the call is not refused.
    await alice.script('GET', '/api/auth/session');
    expect(takeLines()).toEqual([{ event: 'no-session', reason: 'idle-expired' }]);
  });
});
