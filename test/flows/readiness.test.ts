import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendWire } from '../support/user-agent.ts';
import { startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
});

afterAll(() => world.close());

async function askReady(): Promise<number> {
  return (await sendWire(worker.origin, '/api/health/ready')).status;
}

describe('readiness', () => {
  it('checks the table once in five seconds, and at once if the clock was set back', async () => {
    const { counts } = worker.table;
    expect(await Promise.all([askReady(), askReady(), askReady()])).toEqual([200, 200, 200]);
    expect(counts.check).toBe(1);

    // Otherwise the cached result would last until the clock has caught up.
    world.advance(-60);
    worker.table.failing.add('check');
    expect(await askReady()).toBe(503);
    expect(await askReady()).toBe(503);
    expect(counts.check).toBe(2);

    worker.table.recover();
    world.advance(6);
    expect(await askReady()).toBe(200);
    expect(counts.check).toBe(3);
  });
});
