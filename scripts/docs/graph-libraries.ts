import { readFileSync } from 'node:fs';
import { type Feature, features, libraries, type Outcome } from '../../test/libraries/declarations.ts';
import { type ComponentOutcome, components } from '../../test/libraries/toolkit-declarations.ts';
import { table } from './table.ts';

const manifests = ['../../package.json', '../../test/libraries/manifest/package.json'].map(
  (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<string, object>,
);
const versions: Readonly<Record<string, string>> = Object.assign(
  {},
  ...manifests.flatMap(({ dependencies, devDependencies }) => [dependencies, devDependencies]),
);

/** The text of a cell. */
export function cellOf(outcome: Outcome | ComponentOutcome): string {
  switch (outcome.kind) {
    case 'works':
      return 'note' in outcome ? `works, ${outcome.note}` : 'works';
    case 'needs-file':
      return `needs the file [${outcome.file}](graph-features.md#the-file-${outcome.file})`;
    case 'needs-rules':
      return `needs [rules](../guides/libraries/graph-toolkit.md#rules): ${outcome.calls.map((call) => `\`${call}\``).join(', ')}`;
    case 'not-supported':
      return `not supported: ${outcome.why}`;
  }
}

/** The start tag of a component, with its attributes. */
export const tagOf = (html: string): string => `\`${html.slice(0, html.indexOf('>') + 1)}\``;

/** `docs/reference/graph-libraries.md`. */
export function graphLibrariesPage(): string {
  const head = libraries.map(({ name, guide }) => `[${name}](../guides/libraries/${guide})`);
  const rows = (Object.keys(features) as Feature[]).map((feature) => [
    features[feature],
    ...libraries.map(({ outcomes }) => cellOf(outcomes[feature])),
  ]);
  const used = libraries.map(({ package: name }) => `\`${name}\` ${versions[name]}`);
  const toolkit = components.map(({ html, shows, outcome }) => [tagOf(html), shows, cellOf(outcome)]);
  return `# Libraries for Microsoft Graph

What each library does through the service, under the policy that is shipped. \`npm run test:libraries\` proves every cell in
Chromium with the real library, against the emulators of Entra ID and Graph, and fails if one comes out differently.
\`npm run docs\` writes this page. How to set up a library is in [its guide](../guides/libraries/README.md).

Versions: ${used.join(', ')}.

${table(['', ...head], rows)}

## Components of the Graph Toolkit

Microsoft has retired the Graph Toolkit. [The guide](../guides/libraries/graph-toolkit.md) is for apps that still use it.
Version: \`@microsoft/mgt-components\` ${versions['@microsoft/mgt-components']}. The user had granted the permissions before.

${table(['component, as tested', 'shows', 'under the shipped policy'], toolkit)}
`;
}
