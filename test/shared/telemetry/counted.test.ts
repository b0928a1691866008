import { beforeEach, describe, expect, it } from 'vitest';
import { type CountedLines, createCountedLines } from '../../../src/shared/telemetry/counted.ts';

let nowMs: number;
let logged: unknown[];
let lines: CountedLines;
const log = (level: string, record: unknown) => void logged.push([level, record]);
const outage = { event: 'upstream-errors', upstream: 'graph', status: 503 };
const lineOf = (count: number, status = 503) => ['warn', { ...outage, status, count }];

beforeEach(() => {
  nowMs = 0;
  logged = [];
  lines = createCountedLines(() => nowMs);
});

describe('counted lines', () => {
  it('are written at once, and then once a minute with the number since the previous line', () => {
    for (let call = 0; call < 20; call++) lines.count(log, 'warn', outage);
    expect(logged).toEqual([lineOf(1)]);
    nowMs = 60_000;
    lines.count(log, 'warn', outage);
    expect(logged).toEqual([lineOf(1), lineOf(20)]);
  });

  it('are counted by what they say', () => {
    lines.count(log, 'warn', outage);
    lines.count(log, 'warn', { ...outage, status: 500 });
    expect(logged).toEqual([lineOf(1), lineOf(1, 500)]);
  });

  it('lose no count when the outage ends', () => {
    lines.count(log, 'warn', outage);
    lines.count(log, 'warn', outage);
    nowMs = 59_999;
    lines.flush(log);
    expect(logged).toHaveLength(1);
    nowMs = 60_000;
    lines.flush(log);
    nowMs = 120_000;
    lines.flush(log);
    expect(logged).toEqual([lineOf(1), lineOf(1)]);
  });

  it('begin anew after a quiet minute', () => {
    lines.count(log, 'warn', outage);
    nowMs = 60_000;
    lines.flush(log);
    lines.count(log, 'warn', outage);
    expect(logged).toEqual([lineOf(1), lineOf(1)]);
  });
});
