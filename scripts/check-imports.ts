import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { readSourceFiles, type SourceFile } from './source-files.ts';

/**
 * Imports of `src/shared` go one way: a folder imports only from folders further down this list, and folders in one line
 * never import each other.
 */
const layers: readonly (readonly string[])[] = [
  ['config', 'http'],
  ['pages', 'graph'],
  ['auth', 'admin', 'proxy', 'health'],
  ['policy'],
  ['access'],
  ['interaction'],
  ['tokens'],
  ['session', 'entra', 'limits'],
  ['storage', 'identity', 'telemetry'],
  ['crypto', 'network', 'errors.ts', 'guid.ts', 'own-bytes.ts'],
  ['bounded-map.ts'],
];

/** The areas of the repository, and the areas that each of them may import. */
const areas: Readonly<Record<string, readonly string[]>> = {
  src: [],
  client: [],
  cli: ['src'],
  packages: [],
  build: [],
  dev: ['packages', 'build'],
  testing: ['packages', 'dev', 'client'],
  examples: ['src', 'testing'],
  scripts: ['src', 'client', 'cli', 'build', 'dev', 'testing', 'packages', 'bench', 'test'],
  bench: ['src', 'client', 'build', 'dev', 'packages', 'scripts', 'test'],
  test: ['src', 'client', 'cli', 'build', 'dev', 'testing', 'packages', 'scripts', 'bench', 'examples'],
};

/** The imports of each file, as paths from the repository's root. Packages from npm are left out. */
type ImportGraph = ReadonlyMap<string, readonly string[]>;

function readImportGraph(files: readonly SourceFile[]): ImportGraph {
  return new Map(
    files.map(({ path, text, parsed: { module } }) => {
      const specifiers = [
        ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
        ...module.staticExports.flatMap(({ entries }) =>
          entries.map(({ moduleRequest }) => moduleRequest?.value),
        ),
        // The quotes are part of the range.
        ...module.dynamicImports.map(({ moduleRequest: { start, end } }) => text.slice(start + 1, end - 1)),
      ];
      const targets = specifiers.map((specifier) => resolveImport(path, specifier));
      return [path, [...new Set(targets.filter((target) => target !== undefined))]];
    }),
  );
}

function resolveImport(from: string, specifier: string | undefined): string | undefined {
  if (specifier === undefined) return undefined;
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  if (specifier === 'entra-bff') return 'src/index.ts';
  if (specifier === 'entra-bff/testing') return 'testing/index.ts';
  const [, name, subpath = ''] = /^@entra-bff\/([^/]+)(\/.+)?$/.exec(specifier) ?? [];
  return name === undefined ? undefined : posix.join('packages', name, entryOf(name, `.${subpath}`));
}

function entryOf(packageName: string, subpath: string): string {
  const manifest = new URL(`../packages/${packageName}/package.json`, import.meta.url);
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    exports: string | Record<string, string>;
  };
  const entry = typeof exports === 'string' ? exports : exports[subpath];
  if (entry === undefined) throw new Error(`packages/${packageName} does not export ${subpath}`);
  return entry;
}

function layerViolations(graph: ImportGraph): readonly string[] {
  return [...graph].flatMap(([path, targets]) => {
    if (!path.startsWith('src/')) return [];
    const from = unitOf(path);
    const isUnknown = path.startsWith('src/shared/') && layerOf(from) === -1;
    return [
      ...(isUnknown ? [`${path}: its folder is missing in the order of imports`] : []),
      ...targets
        .filter((target) => target.startsWith('src/') && !isAllowed(from, unitOf(target)))
        .map((target) => `${path} must not import ${target}`),
    ];
  });
}

/** The unit of a file in `src`: a folder or file of `shared`, `functions`, or the composition of the app. */
function unitOf(path: string): string {
  const [, first = '', second = ''] = path.split('/');
  if (first === 'shared') return second;
  return first === 'functions' ? 'functions' : 'composition';
}

function layerOf(unit: string): number {
  return layers.findIndex((layer) => layer.includes(unit));
}

function isAllowed(from: string, to: string): boolean {
  if (from === to || from === 'composition') return true;
  if (to === 'composition' || to === 'functions') return false;
  return from === 'functions' || layerOf(to) > layerOf(from);
}

function areaViolations(graph: ImportGraph): readonly string[] {
  const areaOf = (path: string) => path.split('/')[0] ?? '';
  return [...graph].flatMap(([path, targets]) =>
    targets
      .filter((target) => {
        const [from, to] = [areaOf(path), areaOf(target)];
        return from !== to && to in areas && !areas[from]?.includes(to);
      })
      .map((target) => `${path} must not import ${target}`),
  );
}

/** Packages import each other by name, so that each of them could be published. */
function packageViolations(graph: ImportGraph, files: readonly SourceFile[]): readonly string[] {
  const packageOf = (path: string) => path.split('/').slice(0, 2).join('/');
  return files.flatMap(({ path, parsed: { module } }) => {
    if (!path.startsWith('packages/')) return [];
    const relative = module.staticImports
      .map(({ moduleRequest }) => moduleRequest.value)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => posix.join(posix.dirname(path), specifier));
    return relative
      .filter((target) => packageOf(target) !== packageOf(path) && graph.has(target))
      .map((target) => `${path} must import ${target} by the name of its package`);
  });
}

/** @returns one line for each cycle, with the files in the order in which they import each other */
function cycles(graph: ImportGraph): readonly string[] {
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(`cycle: ${[...trail.slice(start), path].join(' → ')}`);
    if (start >= 0 || finished.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

const files = readSourceFiles(Object.keys(areas));
const graph = readImportGraph(files);
const violations = [
  ...layerViolations(graph),
  ...areaViolations(graph),
  ...packageViolations(graph, files),
  ...cycles(graph),
];
for (const violation of violations) console.error(violation);
console.log(`imports: ${files.length} files, ${violations.length} violations`);
if (violations.length > 0) process.exit(1);
