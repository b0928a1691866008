import { describe, expect, it } from 'vitest';
import { parseRetryAfterSeconds } from '../../../src/shared/network/retry-after.ts';

const now = new Date('2026-01-01T00:00:00.400Z');

describe('parseRetryAfterSeconds', () => {
  it.each([
    ['7', 7],
    ['0', 0],
    ['0.2', 1],
    ['1.5', 2],
    ['12.000', 12],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['3601', 3600],
    ['9'.repeat(400), 3600],
    ['Fri, 01 Jan 2027 00:00:00 GMT', 3600],
  ])('reads %j as %i seconds', (header, seconds) => {
    expect(parseRetryAfterSeconds(header, now)).toBe(seconds);
  });

  it.each([
    undefined,
    '',
    '-5',
    '5 minutes',
    '1e3',
    'soon',
    '1, 2',
    'Thu, 99 Jan 2026 00:00:30 GMT',
    '2026-01-01',
  ])('finds nothing in %j', (header) => {
    expect(parseRetryAfterSeconds(header, now)).toBeUndefined();
  });
});
