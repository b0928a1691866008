import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandContext } from './command.ts';

export function packageVersion({ packageFolder }: Pick<CommandContext, 'packageFolder'>): string {
  const manifest: { readonly version?: unknown } = JSON.parse(
    readFileSync(join(packageFolder, 'package.json'), 'utf8'),
  );
  return String(manifest.version);
}
