import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ParseResult, parseSync } from 'oxc-parser';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface SourceFile {
  /** From the repository's root: `src/app.ts`. */
  readonly path: string;
  readonly text: string;
  readonly parsed: ParseResult;
}

/** Every TypeScript file below these folders, parsed. */
export function readSourceFiles(folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap(pathsBelow).map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text, parsed: parseSync(path, text) };
  });
}

function pathsBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : pathsBelow(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}
