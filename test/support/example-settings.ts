import { readFileSync } from 'node:fs';

const text = readFileSync(new URL('../../local.settings.example.json', import.meta.url), 'utf8');
const { Values } = JSON.parse(text) as { Values: Record<string, string> };

/** The settings of `local.settings.example.json` that the Functions host reads. */
export const exampleHostSettings: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(Values).filter(([name]) => /^(?:AzureWebJobs|FUNCTIONS_)/.test(name)),
);
