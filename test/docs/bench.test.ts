import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { publishedChart, withBench } from '../../bench/support/publish.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the published result of the bench', () => {
  it.each(['README.md', 'docs/measurements.md'])('%s has its numbers; npm run docs writes them', (page) => {
    expect(read(page)).toBe(withBench(read(page)));
  });

  it('is drawn in the chart', () => {
    expect(read('docs/images/bench.svg')).toBe(publishedChart());
  });
});
