import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Imports go one way: a folder of `src/shared` imports only from folders further down this list, and folders on one
 * line never import each other.
 */
const layers: readonly (readonly string[])[] = [
  ['config', 'http'],
  ['pages', 'graph'],
  ['auth', 'admin', 'proxy'],
  ['policy'],
  ['access'],
  ['interaction'],
  ['tokens'],
  ['session', 'entra'],
  ['storage', 'identity', 'telemetry'],
  ['crypto', 'network', 'errors.ts'],
];

const root = fileURLToPath(new URL('../src', import.meta.url));

/** The unit that a file belongs to: a folder of shared/, a file of shared/, `functions`, or the cold start. */
function unitOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'shared' ? second : path.includes('/') ? first : 'cold start';
}

function layerOf(unit: string): number {
  return layers.findIndex((layer) => layer.includes(unit));
}

function isAllowed(from: string, to: string): boolean {
  if (from === to || from === 'cold start') return true;
  if (to === 'cold start' || to === 'functions') return false;
  return from === 'functions' || layerOf(to) > layerOf(from);
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, specifier = '']) =>
    relative(root, join(dirname(file), specifier)),
  );
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
const faults = files.flatMap((path) => {
  const from = unitOf(path);
  const unknown = path.startsWith('shared/') && layerOf(from) === -1;
  const broken = importsOf(join(root, path))
    .filter((target) => !target.startsWith('..') && !isAllowed(from, unitOf(target)))
    .map((target) => `src/${path} must not import src/${target}`);
  return unknown ? [`src/${path}: the folder has no place in the order of imports`, ...broken] : broken;
});

for (const fault of faults) console.error(fault);
console.log(`imports: ${files.length} files, ${faults.length} against the order`);
if (faults.length > 0) process.exit(1);
