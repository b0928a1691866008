import { describe, expect, it } from 'vitest';
import { createRunning } from '../../dev/running.ts';

describe('createRunning', () => {
  const service = (name: string, stopped: string[]) => ({ close: async () => void stopped.push(name) });

  it('stops the newest service first, and each only once', async () => {
    const stopped: string[] = [];
    const running = createRunning();
    await running.add(Promise.resolve(service('storage', stopped)));
    await running.add(Promise.resolve(service('app', stopped)));
    await Promise.all([running.stop(), running.stop()]);
    expect(stopped).toEqual(['app', 'storage']);
  });

  it('waits for a service that is still starting, and stops it too', async () => {
    const stopped: string[] = [];
    const running = createRunning();
    const starting = Promise.withResolvers<ReturnType<typeof service>>();
    void running.add(starting.promise);
    const stop = running.stop();
    starting.resolve(service('late', stopped));
    await stop;
    expect(stopped).toEqual(['late']);
  });

  it('stops the others if one failed to start or does not stop', async () => {
    const stopped: string[] = [];
    const running = createRunning();
    await running.add(Promise.resolve(service('storage', stopped)));
    await running.add(Promise.reject(new Error('never started'))).catch(() => undefined);
    await running.add(Promise.resolve({ close: () => Promise.reject(new Error('stuck')) }));
    await running.stop();
    expect(stopped).toEqual(['storage']);
  });
});
