import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { graphProfile } from '../src/shared/policy/graph-profile.ts';

/**
 * Names in the paths of Microsoft's permission reference that a policy's `{id}` would accept as a key. There should be
 * none. Add each found name to `otherNames` of graph-profile.ts, or a pattern for it to `namePatterns`.
 *
 *     npm run graph-names -- permissions.json
 */
export function namesTakenForKeys(file: string): readonly string[] {
  const { permissions } = form.parse(JSON.parse(readFileSync(file, 'utf8')));
  const paths = Object.values(permissions).flatMap(({ pathSets }) =>
    pathSets.flatMap((pathSet) => Object.keys(pathSet.paths)),
  );
  const names = paths.flatMap((path) => path.split('/')).map((segment) => segment.replace(/[(?].*$/, ''));
  return [...new Set(names)]
    .filter((name) => !name.includes('{') && graphProfile.isKey(name) && !examples.has(name))
    .toSorted();
}

const form = z.object({
  permissions: z.record(
    z.string(),
    z.object({ pathSets: z.array(z.object({ paths: z.record(z.string(), z.unknown()) })) }),
  ),
});

/** Keys that the reference contains by mistake, instead of `{id}`. */
const examples: ReadonlySet<string> = new Set([
  '57dab8b1894c409ab240bd8beae78896',
  '87654321-0abc-zqf0-321456789q',
]);

if (argv[1] === fileURLToPath(import.meta.url)) console.log(namesTakenForKeys(argv[2] ?? '').join('\n'));
