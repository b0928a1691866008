import { readFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';

const SAMPLE_MICROS = 100;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** @returns a function that stops the profiler of this process and returns what it recorded */
export async function startProfiler(): Promise<() => Promise<Profiler.Profile>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROS });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return profile;
  };
}

export interface SelfTime {
  /** The function and where its source is, or what V8 did instead: `(garbage collector)`. */
  readonly name: string;
  /** Without the functions that it called, for each call of the service. */
  readonly microsPerCall: number;
}

/**
 * Time by function, largest first.
 * @param bundle whose positions are traced back to the sources
 * @param ownOnly counts what a function of this repository's `src` called elsewhere, such as in Node.js, as its own
 */
export function toSelfTimes(
  profile: Profiler.Profile,
  calls: number,
  bundle: string,
  ownOnly: boolean,
): readonly SelfTime[] {
  const nameOf = createNaming(bundle);
  const names = new Map<number, string>();
  const visit = (node: Profiler.ProfileNode, owner: string | undefined) => {
    const name = nameOf(node.callFrame);
    const nextOwner = name.includes(' src/') ? name : owner;
    names.set(node.id, ownOnly ? (nextOwner ?? '(not below src)') : name);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) visit(child, nextOwner);
    }
  };
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const [rootNode] = profile.nodes;
  if (rootNode !== undefined) visit(rootNode, undefined);

  const micros = new Map<string, number>();
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const name = names.get(id) ?? '(unknown)';
    micros.set(name, (micros.get(name) ?? 0) + (profile.timeDeltas?.[index] ?? 0));
  }
  return [...micros]
    .filter(([name]) => name !== '(idle)')
    .map(([name, total]) => ({ name, microsPerCall: total / calls }))
    .toSorted((left, right) => right.microsPerCall - left.microsPerCall);
}

/** Names a function by its own name and its place in the sources. */
function createNaming(bundle: string): (frame: Profiler.ProfileNode['callFrame']) => string {
  const map = new TraceMap(readFileSync(`${bundle}.map`, 'utf8'));
  return ({ functionName, url, lineNumber, columnNumber }) => {
    if (url === '') return functionName === '' ? '(anonymous)' : functionName;
    if (!url.endsWith(bundle)) {
      return `${functionName} ${url.startsWith('file:') ? relative(root, fileURLToPath(url)) : url}:${lineNumber + 1}`;
    }
    const { source, line, name } = originalPositionFor(map, { line: lineNumber + 1, column: columnNumber });
    const path = source?.replace(/^(?:\.\.\/)+/, '') ?? 'bundle';
    return `${name ?? functionName} ${path}:${line ?? lineNumber + 1}`;
  };
}
