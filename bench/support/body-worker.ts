import { setTimeout } from 'node:timers/promises';
import { type Caller, startCaller } from './caller.ts';
import type { MeasuredProduct } from './product.ts';

/** What a worker in a process of its own has to do. */
export interface BodyTask extends Pick<MeasuredProduct, 'bundle' | 'settings' | 'tableConnectionString'> {
  /** Of the person who makes the calls. */
  readonly cookie: string;
  readonly callCount: number;
  readonly uploadBytes: number;
}

/** Memory in bytes: what the process held before the calls, and the most it has ever held. */
export interface BodyMemory {
  readonly idleBytes: number;
  readonly peakBytes: number;
  /** The others were refused because too much was under way. */
  readonly servedCount: number;
  readonly elapsedMs: number;
}

const path = '/api/graph/v1.0/me/photo/$value';

process.once('message', (task: BodyTask) => {
  measure(task).then(
    (memory) => process.send?.(memory, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function measure({ cookie, callCount, uploadBytes, ...product }: BodyTask): Promise<BodyMemory> {
  const call: Caller = await startCaller(product, cookie, { cacheSeconds: 60, asksGraph: true });
  await call('graph', '/api/graph/v1.0/me');
  const idleBytes = process.memoryUsage.rss();
  const startedAtMs = performance.now();
  const calls: ReturnType<Caller>[] = [];
  for (let at = 0; at < callCount; at++) {
    calls.push(call('graph', path, uploadBytes > 0 ? Buffer.alloc(uploadBytes, 'x') : undefined));
    // Requests reach a worker one after the other.
    await setTimeout(5);
  }
  const statuses = await Promise.all(calls);
  const odd = statuses.find((status) => status !== '200' && status !== '429');
  if (odd !== undefined) throw new Error(`a call was answered ${odd}`);
  return {
    idleBytes,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    servedCount: statuses.filter((status) => status === '200').length,
    elapsedMs: performance.now() - startedAtMs,
  };
}
