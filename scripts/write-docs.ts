import { readFileSync, writeFileSync } from 'node:fs';
import { publishedChart, withBench } from '../bench/support/publish.ts';
import { entraErrorsPage } from './docs/entra-errors.ts';
import { guides, withExamples } from './docs/examples.ts';
import { graphFeaturesPage } from './docs/graph-features.ts';
import { graphLibrariesPage } from './docs/graph-libraries.ts';
import { pageTextsPage } from './docs/page-texts.ts';
import { requirementsPage } from './docs/requirements.ts';
import { routesPage } from './docs/routes.ts';
import { configurationPage, exampleSettings, settingsPage } from './docs/settings.ts';

const fromRoot = (path: string) => new URL(`../${path}`, import.meta.url);
const read = (path: string) => readFileSync(fromRoot(path), 'utf8');

/** Every file that is written from the source, with its text. The tests compare it with the file. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/settings.md', settingsPage()],
    ['docs/reference/routes.md', routesPage()],
    ['docs/reference/page-texts.md', pageTextsPage()],
    ['docs/reference/entra-errors.md', entraErrorsPage()],
    ['docs/reference/graph-features.md', graphFeaturesPage()],
    ['docs/reference/graph-libraries.md', graphLibrariesPage()],
    ['docs/requirements.md', requirementsPage()],
    ...guides.map((path) => [path, withBench(withExamples(read(path)))] as const),
    ['docs/measurements.md', withBench(read('docs/measurements.md'))],
    ['docs/images/bench.svg', publishedChart()],
    ['docs/configuration.md', configurationPage(read('docs/configuration.md'))],
    ['local.settings.example.json', exampleSettings()],
  ]);
}

export function writeDocs(): void {
  for (const [path, text] of generatedDocs()) {
    writeFileSync(fromRoot(path), text);
    console.log(path);
  }
}

if (import.meta.main) writeDocs();
