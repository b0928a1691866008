import type { Profiler } from 'node:inspector';
import { type EncodedSourceMap, eachMapping, TraceMap } from '@jridgewell/trace-mapping';

/** An offset in an original file and the offset in the executed code that was generated from it. */
interface Segment {
  readonly original: number;
  readonly generated: number;
}

/** Code that ran, with the original files that it was generated from. */
export interface ExecutedCode {
  /** In characters, including the wrapper that the loader adds. */
  readonly length: number;
  /** By the path of the original file, sorted by the offset in it. */
  readonly segments: ReadonlyMap<string, readonly Segment[]>;
}

/** How often each character of an original file was executed, by the path of the file. */
export type HitCounts = Map<string, Float64Array>;

interface CodeAndMap {
  readonly code: string;
  /** Undefined if the code has the same positions as the original file at `path`. */
  readonly map: EncodedSourceMap | undefined;
  /** The sources of the map are relative to it. */
  readonly path: string;
  /** Number of characters that the loader puts in front of the code. */
  readonly wrapperLength: number;
}

/** @param readOriginal returns the text of an original file, or undefined if its coverage is not measured */
export function toExecutedCode(
  { code, map, path, wrapperLength }: CodeAndMap,
  readOriginal: (path: string) => string | undefined,
): ExecutedCode {
  const length = code.length + wrapperLength;
  if (map === undefined) {
    const identity = Array.from(code, (_, offset) => ({ original: offset, generated: offset }));
    return { length, segments: new Map([[path, identity]]) };
  }
  const generatedLines = lineStarts(code);
  const found = new Map<string, Segment[]>();
  const originals = new Map<string, { segments: Segment[]; lines: number[] } | undefined>();
  eachMapping(new TraceMap(map, path), ({ source, originalLine, originalColumn, ...generated }) => {
    if (source === null) return;
    if (!originals.has(source)) originals.set(source, open(source));
    const original = originals.get(source);
    const originalLineStart = original?.lines[originalLine - 1];
    const generatedLineStart = generatedLines[generated.generatedLine - 1];
    if (originalLineStart === undefined || generatedLineStart === undefined) return;
    original?.segments.push({
      original: originalLineStart + originalColumn,
      generated: generatedLineStart + generated.generatedColumn + wrapperLength,
    });
  });
  for (const segments of found.values()) {
    // If a position was generated more than once, the last copy counts. Earlier copies only export a name.
    segments.sort((a, b) => a.original - b.original || b.generated - a.generated);
  }
  return { length, segments: found };

  function open(source: string) {
    const originalPath = source.replace(/^file:\/\//, '');
    const text = readOriginal(originalPath);
    if (text === undefined) return undefined;
    const segments: Segment[] = [];
    found.set(originalPath, segments);
    return { segments, lines: lineStarts(text) };
  }
}

/** Adds the counts of one run of `executed`. */
export function addHits(
  hits: HitCounts,
  executed: ExecutedCode,
  functions: readonly Profiler.FunctionCoverage[],
  readOriginal: (path: string) => string | undefined,
): void {
  const counts = countsByOffset(functions, executed.length);
  for (const [path, segments] of executed.segments) {
    const text = readOriginal(path);
    if (text === undefined) continue;
    const sums = hits.get(path) ?? new Float64Array(text.length);
    hits.set(path, sums);
    let from = 0;
    for (const { original, generated } of segments) {
      const count = counts[generated] ?? 0;
      const word = /[\w$]*/y;
      word.lastIndex = original;
      word.test(text);
      const end = Math.max(word.lastIndex, original + 1);
      // Punctuation between two mapped words belongs to the second one: `(` of parameters, `{` of a block.
      for (let offset = from; offset < end; offset++) sums[offset] = (sums[offset] ?? 0) + count;
      from = end;
    }
  }
}

/** Converts the counts of one original file to V8's format. */
export function toFunctionCoverage(sums: Float64Array): Profiler.FunctionCoverage[] {
  const ranges: Profiler.CoverageRange[] = [];
  let startOffset = 0;
  for (let endOffset = 1; endOffset <= sums.length; endOffset++) {
    if (sums[endOffset] === sums[startOffset]) continue;
    ranges.push({ startOffset, endOffset, count: sums[startOffset] ?? 0 });
    startOffset = endOffset;
  }
  return [{ functionName: '', isBlockCoverage: true, ranges }];
}

/** Nested ranges override the ranges around them. */
function countsByOffset(functions: readonly Profiler.FunctionCoverage[], length: number): Float64Array {
  const counts = new Float64Array(length);
  const ranges = functions.flatMap((one) => one.ranges);
  ranges.sort((a, b) => b.endOffset - b.startOffset - (a.endOffset - a.startOffset));
  for (const { startOffset, endOffset, count } of ranges) counts.fill(count, startOffset, endOffset);
  return counts;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
