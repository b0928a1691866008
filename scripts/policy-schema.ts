import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { graphProfile } from '../src/shared/policy/graph-profile.ts';
import { createPolicySchema } from '../src/shared/policy/schema.ts';

const file = fileURLToPath(new URL('../policy/graph.schema.json', import.meta.url));

/** The JSON Schema of a policy file, for editors. It is generated from the schema that the service itself uses. */
export function policyJsonSchema(): string {
  // As the author writes the file: a member with a default may be omitted.
  const schema = z.toJSONSchema(createPolicySchema(graphProfile), { io: 'input' });
  return `${JSON.stringify({ title: 'Policy of the Microsoft Graph proxy', ...schema }, undefined, 2)}\n`;
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, policyJsonSchema());
