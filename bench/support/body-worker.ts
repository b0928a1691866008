import { setTimeout } from 'node:timers/promises';
import { type InvokeFunction, startInProcessWorker } from './in-process-worker.ts';
import type { MeasuredProduct } from './product.ts';

/** The calls that one worker process makes. */
export interface BodyTask extends Pick<MeasuredProduct, 'bundle' | 'settings' | 'tableConnectionString'> {
  /** The signed-in user's cookies. */
  readonly cookie: string;
  readonly callCount: number;
  readonly uploadBytes: number;
}

export interface BodyMemory {
  /** Resident memory before the calls. */
  readonly idleBytes: number;
  /** Maximum resident memory of the process. */
  readonly peakBytes: number;
  /** The other calls were refused because of the memory budget. */
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
  const invokeFunction: InvokeFunction = await startInProcessWorker(product, cookie, {
    cacheSeconds: 60,
    sendsToGraph: true,
  });
  await invokeFunction('graph', '/api/graph/v1.0/me');
  const idleBytes = process.memoryUsage.rss();
  const startedAtMs = performance.now();
  const calls: ReturnType<InvokeFunction>[] = [];
  for (let index = 0; index < callCount; index++) {
    calls.push(invokeFunction('graph', path, uploadBytes > 0 ? Buffer.alloc(uploadBytes, 'x') : undefined));
    // Requests arrive at a worker one after another.
    await setTimeout(5);
  }
  const statuses = await Promise.all(calls);
  const unexpected = statuses.find((status) => status !== '200' && status !== '429');
  if (unexpected !== undefined) throw new Error(`a call returned ${unexpected}`);
  return {
    idleBytes,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    servedCount: statuses.filter((status) => status === '200').length,
    elapsedMs: performance.now() - startedAtMs,
  };
}
