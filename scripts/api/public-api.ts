import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type ApiDeclaration, collectApi, type EntryApi } from './collect.ts';

/** What other packages import, and the declaration of each, as in the `exports` of package.json. */
const entries = [
  { name: 'entra-bff', declaration: 'src/index.d.ts' },
  { name: 'entra-bff/client', declaration: 'client/client.d.ts' },
  { name: 'entra-bff/client/graph', declaration: 'client/graph.d.ts' },
  { name: 'entra-bff/client/react', declaration: 'client/react.d.ts' },
];

/** Emits the declarations of the package and collects what each entry exports, with all types that it mentions. */
export async function publicApi(): Promise<readonly EntryApi[]> {
  const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'entra-bff-types-'));
  try {
    const tsc = fromRoot('node_modules/typescript/bin/tsc');
    const project = fromRoot('tsconfig.package.json');
    await promisify(execFile)(process.execPath, [tsc, '-p', project, '--outDir', folder]);
    return entries.map(({ name, declaration }) => collectApi(name, join(folder, declaration), folder));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** docs/reference/api.txt */
export function renderApi(api: readonly EntryApi[]): string {
  const head = `The public interface of this package: every name that it exports, and every type that these names mention.
\`npm run api\` writes this file from the declarations, and a test compares the two.
Comments are left out; they are in the declarations that the package brings.
`;
  const shown = new Set<string>();
  return [head, ...api.map((entry) => renderEntry(entry, shown))].join('\n');
}

/** @param shown declarations of the entries before, which are not repeated */
function renderEntry({ name, declarations, packages }: EntryApi, shown: Set<string>): string {
  const exported = declarations.filter(({ isExported }) => isExported);
  const mentioned = declarations.filter(({ isExported, ...it }) => !isExported && !shown.has(keyOf(it)));
  for (const declaration of declarations) shown.add(keyOf(declaration));
  const sections = [
    ...exported.map(({ text }) => text),
    ...(mentioned.length === 0 ? [] : ['--- mentioned by these, not exported']),
    ...mentioned.map(({ text }) => text),
    ...[...packages].map(([packageName, names]) => `--- from ${packageName}: ${names.join(', ')}`),
  ];
  return `=== ${name}\n\n${sections.join('\n\n')}\n`;
}

const keyOf = ({ file, name }: Pick<ApiDeclaration, 'file' | 'name'>) => `${file} ${name}`;
