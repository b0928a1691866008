import { signIn } from '../test/support/world.ts';
import { type Load, simulateCaches } from './support/cache-model.ts';
import { type InvokeFunction, startInProcessWorker } from './support/in-process-worker.ts';
import { markdownTable } from './support/markdown-table.ts';
import { withProduct } from './support/product.ts';
import { medianMicroseconds, type Timing } from './support/stopwatch.ts';

/**
 * `npm run measure:endings [turns]`: the cost of serving an ended session on other workers for one second at most, with
 * 20,000 sessions in use: table operations, money and processor time. See docs/decisions/0043-copies-of-one-second.md.
 */
const turns = Number(process.argv[2] ?? 100);

const SESSIONS = 20_000;
const ACCOUNT_LIMIT = 20_000; // operations of a storage account per second
const USD_PER_OPERATION = 0.00036 / 10_000; // list price of Table Storage
const WORKING_SECONDS = 8 * 60 * 60 * 22; // a month of working hours
const COPY_SECONDS = [1, 5, 60];

/** Calls at an even pace, each earlier or later by up to a fifth of the time between two. */
const everySeconds =
  (interval: number, seconds: number): Load['callsOf'] =>
  (random) =>
    Array.from(
      { length: seconds / interval },
      (_, index) => interval * (index + random() * 0.4) + interval * 0.3,
    );

/** A page with six calls within two seconds, at an even pace. */
const pagesEverySeconds =
  (interval: number, seconds: number): Load['callsOf'] =>
  (random) => {
    const offset = random() * interval;
    return Array.from({ length: seconds / interval }, (_, index) => index * interval + offset)
      .flatMap((start) => Array.from({ length: 6 }, () => start + random() * 2))
      .filter((atSeconds) => atSeconds < seconds);
  };

const loads: readonly (readonly [string, Pick<Load, 'workers' | 'affinity' | 'callsOf' | 'seconds'>])[] = [
  ['a call in 10 s', { workers: 2, affinity: false, seconds: 60, callsOf: everySeconds(10, 60) }],
  ['a call in 10 s', { workers: 8, affinity: false, seconds: 60, callsOf: everySeconds(10, 60) }],
  [
    'a page in 30 s, 6 calls in 2 s',
    { workers: 8, affinity: false, seconds: 120, callsOf: pagesEverySeconds(30, 120) },
  ],
  ['a call in 2 s', { workers: 8, affinity: false, seconds: 40, callsOf: everySeconds(2, 40) }],
  ['a call in 2 s', { workers: 8, affinity: true, seconds: 40, callsOf: everySeconds(2, 40) }],
];

function tableOfReads(warmUs: number, readUs: number): string {
  const rows = loads.map(([title, load]) => {
    const { callsPerSecond, readsPerSecond } = simulateCaches({ sessions: SESSIONS, ...load }, COPY_SECONDS);
    const [one = 0, five = 0, sixty = 0] = COPY_SECONDS.map((seconds) => readsPerSecond.get(seconds) ?? 0);
    const processorUs = (reads: number) => callsPerSecond * warmUs + reads * readUs;
    return [
      title,
      `${load.workers}${load.affinity ? ', always the same' : ''}`,
      ...[callsPerSecond, one, five, sixty].map((rate) => rate.toFixed(0)),
      (one / five).toFixed(2),
      ((100 * one) / ACCOUNT_LIMIT).toFixed(0),
      ((one - five) * WORKING_SECONDS * USD_PER_OPERATION).toFixed(0),
      (processorUs(one) / processorUs(five)).toFixed(2),
    ];
  });
  return markdownTable(
    [
      'each session makes',
      'workers',
      'calls/s',
      'reads/s, copy of 1 s',
      '5 s',
      '60 s',
      'reads, 1 s / 5 s',
      '% of the limit, 1 s',
      'USD a month, 1 s − 5 s',
      'processor time, 1 s / 5 s',
    ],
    rows,
  );
}

async function callGraph(call: InvokeFunction): Promise<void> {
  const status = await call('graph', '/api/graph/v1.0/me');
  if (status !== '200') throw new Error(`The call returned ${status}.`);
}

await withProduct(async (product) => {
  const browser = (await product.startWorker()).browser();
  await signIn(browser, { user: 'alice' });
  const cookie = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
  let passedMs = 0;
  const fresh = await startInProcessWorker(product, cookie, { cacheSeconds: 60 });
  const stale = await startInProcessWorker(product, cookie, {
    cacheSeconds: 1,
    monotonicMs: () => performance.now() + passedMs,
  });
  const none = await startInProcessWorker(product, cookie, { cacheSeconds: 0 });
  const callWithStaleCopy = () => {
    passedMs += 1_000;
    return callGraph(stale);
  };
  const timings = await medianMicroseconds(
    {
      'a copy that is fresh': () => callGraph(fresh),
      'a copy that is not fresh: one read, unchanged': callWithStaleCopy,
      'no copy: one read, decrypted': () => callGraph(none),
    },
    turns,
  );
  const warm = timings['a copy that is fresh'];
  console.log(
    markdownTable(
      ['session from', 'wall clock, µs', 'more', 'processor, µs', 'more'],
      Object.entries<Timing>(timings).map(([name, { wallUs, processorUs }]) => [
        name,
        wallUs.toFixed(0),
        (wallUs - warm.wallUs).toFixed(0),
        processorUs.toFixed(0),
        (processorUs - warm.processorUs).toFixed(0),
      ]),
    ),
  );
  const { processorUs } = timings['no copy: one read, decrypted'];
  console.log(
    `\n${SESSIONS} sessions in use\n\n${tableOfReads(warm.processorUs, processorUs - warm.processorUs)}`,
  );
});
