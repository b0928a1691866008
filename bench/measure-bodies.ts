import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { signIn } from '../test/support/world.ts';
import type { BodyMemory, BodyTask } from './support/body-worker.ts';
import { markdownTable } from './support/markdown-table.ts';
import { type MeasuredProduct, withProduct } from './support/product.ts';

const MIB = 1024 * 1024;

/** What the calls carry, both of at most the default limit. */
const cases = [
  { what: 'answers of 10 MB', callCounts: [1, 8, 16, 32, 64], downloadBytes: 10 * MIB, uploadBytes: 0 },
  { what: 'answers of 60 KB', callCounts: [64], downloadBytes: 60 * 1024, uploadBytes: 0 },
  { what: 'uploads of 10 MB', callCounts: [1, 16, 64], downloadBytes: 0, uploadBytes: 10 * MIB },
] as const;

/**
 * `npm run measure:bodies`: the memory of a worker while a person makes calls with large bodies, as many at a time as may
 * be under way. Each line is a process of its own, in which the function is called as the Functions worker calls it; Graph
 * answers from another. See docs/measurements.md.
 */
await withProduct(async (product) => {
  const browser = (await product.startWorker()).browser();
  await signIn(browser, { user: 'alice' });
  const cookie = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
  const rows: string[][] = [];
  for (const { what, callCounts, downloadBytes, uploadBytes } of cases) {
    const body = Buffer.alloc(downloadBytes, 'x');
    product.graph.respondWith((_request, response) => {
      product.graph.requests.length = 0;
      // A worker that is busy for seconds would find a kept connection closed, and send no write over it twice.
      response.writeHead(200, {
        'content-type': 'image/jpeg',
        'content-length': body.length,
        connection: 'close',
      });
      response.end(body);
    });
    for (const callCount of callCounts) {
      const { idleBytes, peakBytes, servedCount, elapsedMs } = await runWorker({
        ...taskOf(product),
        cookie,
        callCount,
        uploadBytes,
      });
      rows.push([
        what,
        String(callCount),
        String(servedCount),
        String(Math.round((callCount * Math.max(downloadBytes, uploadBytes)) / MIB)),
        String(Math.round(idleBytes / MIB)),
        String(Math.round(peakBytes / MIB)),
        elapsedMs.toFixed(0),
      ]);
    }
  }
  console.log(
    markdownTable(
      ['what', 'at once', 'served', 'bodies, MiB', 'before, MiB', 'most, MiB', 'wall clock, ms'],
      rows,
    ),
  );
});

function taskOf({ bundle, settings, tableConnectionString }: MeasuredProduct) {
  return {
    bundle,
    settings: {
      ...settings,
      GRAPH_POLICY_FILE: fileURLToPath(new URL('support/body-policy.json', import.meta.url)),
    },
    tableConnectionString,
  };
}

async function runWorker(task: BodyTask): Promise<BodyMemory> {
  const worker = fork(new URL('support/body-worker.ts', import.meta.url), { serialization: 'advanced' });
  const answer = once(worker, 'message');
  worker.send(task);
  const ended = once(worker, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`the worker ended with ${String(code)}`);
  });
  const [memory] = await Promise.race([answer, ended.then(() => answer)]);
  await ended;
  return memory as BodyMemory;
}
