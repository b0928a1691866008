import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { graphDialect } from '../src/shared/policy/graph-profile.ts';
import { createPolicySchema } from '../src/shared/policy/schema.ts';

const file = fileURLToPath(new URL('../policy/graph.schema.json', import.meta.url));

/** The JSON Schema of a policy file, for editors: made of the schema that the service checks the file with. */
export function policyJsonSchema(): string {
  // As a person writes the file: what has a default may be left out.
  const schema = z.toJSONSchema(createPolicySchema(graphDialect), { io: 'input' });
  return `${JSON.stringify({ title: 'Policy of the Microsoft Graph proxy', ...schema }, undefined, 2)}\n`;
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, policyJsonSchema());
