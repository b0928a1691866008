import type { Metafile } from 'esbuild';

/** The maximum size of dist/main.cjs, which every worker reads and compiles at a cold start. */
export const BUNDLE_LIMIT_BYTES = 1_200_000;

export interface BundlePart {
  /** A package, or a folder of this repository. */
  readonly name: string;
  readonly bytes: number;
}

/** The parts that take the most bytes of a bundle, largest first. */
export function largestParts({ outputs }: Metafile, count: number): readonly BundlePart[] {
  const bytesOf = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = partOf(path);
      bytesOf.set(name, (bytesOf.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...bytesOf]
    .map(([name, bytes]) => ({ name, bytes }))
    .toSorted((left, right) => right.bytes - left.bytes)
    .slice(0, count);
}

/** The innermost package, because packages can contain packages. */
function partOf(path: string): string {
  const packages = [...path.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)];
  const folder = path.split('/').slice(0, path.startsWith('src/shared/') ? 3 : 1);
  return packages.at(-1)?.[1] ?? folder.join('/');
}
