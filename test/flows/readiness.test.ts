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
  it('asks storage once in five seconds, however often it is asked, and at once when the clock is set back', async () => {
    const { counts } = worker.table;
    expect(await Promise.all([askReady(), askReady(), askReady()])).toEqual([200, 200, 200]);
    expect(counts.check).toBe(1);

    // Set back: what it remembers would last until the clock has caught up.
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
