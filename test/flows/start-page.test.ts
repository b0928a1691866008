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

describe('the path /', () => {
  it('is empty for a ping, and leaves no log line', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await sendWire(worker.origin, '/', { method, headers: { 'user-agent': 'AlwaysOn' } });
      expect([answer.status, answer.body]).toEqual([204, '']);
    }
    expect(worker.logLines).toEqual([]);
  });

  it('is a small page for a browser', async () => {
    const answer = await sendWire(worker.origin, '/?x=1', { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.body).toContain('The sign-in service is running');
    expect(worker.logLines).toEqual([]);
  });
});

describe('an address that no route has', () => {
  it.each(['GET', 'POST', 'OPTIONS'])('is 404 for %s, and leaves no log line', async (method) => {
    for (const target of ['/wp-login.php', '/robots933456.txt', '/favicon.ico', '/alice%0d%0a%1b[31m']) {
      const { status, body } = await sendWire(worker.origin, target, { method });
      expect([status, JSON.parse(body).code]).toEqual([404, 'not_found']);
    }
    expect(worker.logLines).toEqual([]);
  });
});
