import { readFileSync, writeFileSync } from 'node:fs';
import { requirementsPage } from './docs/requirements.ts';
import { routesPage } from './docs/routes.ts';
import { configurationPage, exampleSettings, settingsPage } from './docs/settings.ts';

const fromRoot = (path: string) => new URL(`../${path}`, import.meta.url);

/** Every file that is written from the source, with its text. The tests compare it with the file. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/settings.md', settingsPage()],
    ['docs/reference/routes.md', routesPage()],
    ['docs/requirements.md', requirementsPage()],
    ['docs/configuration.md', configurationPage(readFileSync(fromRoot('docs/configuration.md'), 'utf8'))],
    ['local.settings.example.json', exampleSettings()],
  ]);
}

if (import.meta.main) {
  for (const [path, text] of generatedDocs()) {
    writeFileSync(fromRoot(path), text);
    console.log(path);
  }
}
