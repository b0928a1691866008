import { measureCalls } from './support/call-times.ts';
import { markdownTable } from './support/markdown-table.ts';

const turns = Number(process.argv[2] ?? 200);

/**
 * `npm run measure:calls [turns]`: a worker's own work for a call to Graph, by where the session comes from. It also
 * measures the search of the response for the token. Only compare values of one run; see docs/measurements.md.
 */
const timings = await measureCalls(turns);
const { "the worker's cache": cached } = timings;
const cells = (value: number, of: number) => [value.toFixed(0), (value / of).toFixed(2)];
console.log(
  markdownTable(
    ['session from', 'wall clock, µs', 'ratio', 'processor, µs', 'ratio'],
    Object.entries(timings).map(([name, { wallUs, processorUs }]) => [
      name,
      ...cells(wallUs, cached.wallUs),
      ...cells(processorUs, cached.processorUs),
    ]),
  ),
);
