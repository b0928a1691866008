import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { signIn } from '../test/support/world.ts';
import type { BodyMemory, BodyTask } from './support/body-worker.ts';
import { markdownTable } from './support/markdown-table.ts';
import { type MeasuredProduct, withProduct } from './support/product.ts';

const MIB = 1024 * 1024;

/** The bodies of the calls. 10 MB is the default limit. */
const cases = [
  { title: 'responses of 10 MB', callCounts: [1, 8, 16, 32, 64], downloadBytes: 10 * MIB, uploadBytes: 0 },
  { title: 'responses of 60 KB', callCounts: [64], downloadBytes: 60 * 1024, uploadBytes: 0 },
  { title: 'uploads of 10 MB', callCounts: [1, 16, 64], downloadBytes: 0, uploadBytes: 10 * MIB },
] as const;

/**
 * `npm run measure:bodies`: the memory of a worker while a user makes concurrent calls with large bodies. Each line is
 * measured in its own process, in which the function is called in the same way as by the Functions worker. Graph runs in
 * another process. See docs/measurements.md.
 */
await withProduct(async (product) => {
  const browser = (await product.startWorker()).browser();
  await signIn(browser, { user: 'alice' });
  const cookie = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
  const rows: string[][] = [];
  for (const { title, callCounts, downloadBytes, uploadBytes } of cases) {
    const body = Buffer.alloc(downloadBytes, 'x');
    product.graph.respondWith((_request, response) => {
      product.graph.requests.length = 0;
      // A worker that is busy for seconds would find a kept-alive connection closed, and it never repeats a write.
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
        title,
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
      ['bodies', 'concurrent calls', 'served', 'bodies, MiB', 'before, MiB', 'peak, MiB', 'wall clock, ms'],
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
  const result = once(worker, 'message');
  worker.send(task);
  const ended = once(worker, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`the worker exited with ${String(code)}`);
  });
  const [memory] = await Promise.race([result, ended.then(() => result)]);
  await ended;
  return memory as BodyMemory;
}
