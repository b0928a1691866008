import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { directoryJsonSchema } from '@entra-bff/directory';

const file = fileURLToPath(new URL('../packages/directory/directory.schema.json', import.meta.url));

/** The JSON Schema of a `directory.json`, for editors. It is generated from the schema that parses the file. */
export function directorySchemaText(): string {
  return `${JSON.stringify(directoryJsonSchema(), undefined, 2)}\n`;
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, directorySchemaText());
