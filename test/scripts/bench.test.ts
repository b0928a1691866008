import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { compareSystems } from '../../bench/support/compare.ts';
import { judge } from '../../bench/support/goals.ts';
import type { Measurements } from '../../bench/support/measurements.ts';
import { toNoise } from '../../bench/support/noise.ts';
import { startProgress } from '../../bench/support/progress.ts';
import { longPath, shortPath } from '../../bench/support/requests.ts';
import { ResponseReader } from '../../bench/support/response-reader.ts';
import { withRig } from '../../bench/support/rig.ts';
import { measureStarts } from '../../bench/support/startup.ts';
import { median, perRound, spread } from '../../bench/support/statistics.ts';
import { bundleApps, systems } from '../../bench/support/systems.ts';
import { isWholeRun } from '../support/scale.ts';

const silent = { isTTY: false, columns: 80, write: () => true };

/** The systems in the frame need no installed packages of the bench. Speeds of a busy machine mean nothing. */
describe.runIf(isWholeRun)('bench', () => {
  const inFrame = systems.filter(({ name }) => ['hello', 'control', 'product', 'sample'].includes(name));
  const progress = startProgress(1, { stream: silent });

  it('measures systems that send Graph the right token, and return its whole response', async () => {
    await bundleApps();
    const samples = await withRig(async (rig) => {
      const plan = { rounds: 1, warmUpSeconds: 0.2, seconds: 0.5 };
      const short = await compareSystems(inFrame, { ...plan, path: shortPath }, rig, progress);
      const ofLong = inFrame.filter(({ name }) => name === 'control' || name === 'product');
      return [...short, ...(await compareSystems(ofLong, { ...plan, path: longPath }, rig, progress))];
    });
    expect(samples.map(({ name }) => name).sort()).toEqual([
      ...['control', 'control', 'hello', 'product', 'product', 'sample'],
    ]);
    for (const { requestsPerSecond, cpuMicros } of samples)
      expect(Math.min(requestsPerSecond, cpuMicros)).toBeGreaterThan(0);
  });

  it('measures the start of the product', async () => {
    await bundleApps();
    const product = inFrame.filter(({ name }) => name === 'product');
    const [start] = await withRig((rig) => measureStarts(product, 1, rig, progress));
    expect(start?.processStartMs).toBeGreaterThan(start?.specializationMs ?? 0);
    expect(start?.rssBytes).toBeGreaterThan(50 * 2 ** 20);
  });
});

describe('ResponseReader', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
  it.each([
    ['a length', `${head}Content-Length: 5\r\n\r\nab\r\nc`],
    ['chunks', `${head}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\n\r\nc\r\n0\r\n\r\n`],
  ])('finds responses with %s, however they are cut', (_, text) => {
    const bytes = Buffer.from(text + text);
    for (let size = 1; size <= bytes.length; size++) {
      const reader = new ResponseReader();
      const found = [];
      for (let at = 0; at < bytes.length; at += size)
        found.push(...reader.push(bytes.subarray(at, at + size)));
      expect(found).toMatchObject([
        { status: 200, bodyBytes: 5 },
        { status: 200, bodyBytes: 5 },
      ]);
    }
  });
});

describe('statistics', () => {
  it('computes medians, spreads, and values inside rounds', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(spread([1, 2, 3, 4, 5])).toBeCloseTo(2 / 3);
    const samples = [
      { name: 'a', round: 0, value: 4 },
      { name: 'b', round: 0, value: 2 },
      { name: 'a', round: 1, value: 9 },
      { name: 'b', round: 1, value: 3 },
      { name: 'a', round: 2, value: 1 },
    ];
    expect(perRound(samples, ['a', 'b'], (of) => of.a.value / of.b.value)).toEqual([2, 3]);
  });
});

describe('toNoise', () => {
  const sample = {
    ...{ name: 'B', round: 0, requestsPerSecond: 1_000, cpuMicros: 50, coreShare: 1 },
    ...{ p50Ms: 1, p99Ms: 2, rssBytes: 1, fixedLoop: { wallMs: 30, cpuMs: 30 } },
  };
  const rounds = [0, 1, 2, 3].map((round) => ({ ...sample, round }));

  it('trusts a run on a quiet machine', () => {
    const { reasons, ...shares } = toNoise(rounds);
    expect(reasons.filter((reason) => !reason.includes('pinned'))).toEqual([]);
    expect(shares).toEqual({ fixedLoop: 0, stolen: 0, B: 0, leastCoreShare: 1 });
  });

  it.each([
    ['whose speed varies', { fixedLoop: { wallMs: 40, cpuMs: 40 } }, 'speed of the machine'],
    ['that others use', { fixedLoop: { wallMs: 30, cpuMs: 15 } }, 'other processes used the core'],
    ['on which B varies', { requestsPerSecond: 2_000 }, 'B varied'],
    ['whose load is too slow', { coreShare: 0.5 }, 'used only'],
  ])('does not trust a run on a machine %s', (_, change, reason) => {
    const noisy = rounds.map((round, index) => (index > 1 ? { ...round, ...change } : round));
    expect(toNoise(noisy).reasons.join()).toContain(reason);
  });
});

describe('judge', () => {
  const sample = (name: string, round: number, requestsPerSecond: number, cpuMicros: number) => ({
    ...{ name, round, requestsPerSecond, cpuMicros, coreShare: 1, p50Ms: 1, p99Ms: 2, rssBytes: 1 },
    fixedLoop: { wallMs: 30, cpuMs: 30 },
  });
  const start = (name: string, processStartMs: number, specializationMs: number, rssBytes: number) => ({
    ...{ name, round: 0, processStartMs, specializationMs, rssBytes },
  });
  const action = (title: string, operations: number) => ({
    ...{ title, operations, sentBytes: 0, receivedBytes: 0, toEntra: 0, toGraph: 0, summary: '' },
  });
  // B takes twice the 46 µs for which CPU times are stated. The second round is half as fast.
  const short = [1, 2].flatMap((slowness, round) =>
    (
      [
        ['B', 10_000, 92],
        ['hello', 4_000, 200],
        ['control', 2_000, 400],
        ['product', 1_800, 480],
        ['before', 1_000, 600],
        ['sample', 600, 1_500],
      ] as const
    ).map(([name, rps, cpu]) => sample(name, round, rps / slowness, cpu * slowness)),
  );
  const timing = (processorUs: number) => ({ wallUs: 0, processorUs });
  const measured: Measurements = {
    short,
    long: short,
    starts: [start('hello', 100, 50, 100), start('product', 130, 120, 110)],
    calls: {
      'none: the liveness check': timing(0),
      "the worker's cache": timing(100),
      'the row, without storage latency': timing(400),
      'the row, read from the storage emulator': timing(0),
    },
    growth: { oneUserMicros: 100, activeUsersMicros: 105, allUsersMicros: 500, bytesPerSession: 20_480 },
    actions: [
      action('sign-in', 6),
      action('call, the cached session is fresh', 0),
      action('call, a worker without the session in memory', 1),
      action('call that renews the tokens, the cached session is fresh', 2),
      action('sign-out, the cached session is fresh', 2),
    ],
    bundles: {
      product: { mainBytes: 1_150_000, allBytes: 2_000_000 },
      before: { mainBytes: 2_100_000, allBytes: 2_100_000 },
    },
  };

  it('computes every goal inside rounds, and for a machine on which B takes 46 µs', () => {
    const results = judge(measured).map(({ what, value, isMet }) => [what, value, isMet]);
    expect(results).toEqual([
      ['product / control, requests per second, response of 1.5 KB', 0.9, true],
      ['own cost of a warm call: CPU time, product − control', 40, true],
      ['upstream call: CPU time, control − hello', 100, false],
      ["product / Microsoft's sample in the same host, requests per second", 3, true],
      ['product / control, requests per second, JSON response of 100 KB', 0.9, true],
      ['cold call − warm call: CPU time', 100, true],
      ['process start to first response, product / hello', 1.3, true],
      ['specialization to first response, product − hello', 70, false],
      ['resident memory after 1,000 calls, product / hello', 1.1, true],
      ['size of `dist/main.cjs`', 1.15, true],
      ['CPU time of a call, 10,000 signed-in users / one', 1.05, true],
      ['resident memory of a further session in memory', 20, true],
      ['storage operations, sign-in', 6, false],
      ['storage operations, warm call', 0, true],
      ['storage operations, cold call', 1, true],
      ['storage operations, renewal of the tokens', 2, true],
      ['storage operations, sign-out', 2, true],
    ]);
  });

  it('judges the product of another checkout beside it', () => {
    expect(
      judge(measured)
        .map(({ before }) => before)
        .slice(0, 10),
    ).toEqual([...[0.5, 100, undefined, 1.67, 0.5, undefined, undefined, undefined, undefined, 2.1]]);
  });
});
