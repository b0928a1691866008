import type { Setting } from '../../src/shared/config/setting.ts';
import { settingGroups, settings } from '../../src/shared/config/settings.ts';
import { table } from './table.ts';

/** docs/reference/settings.md */
export function settingsPage(): string {
  const groups = settingGroups.map(({ title, settings }) => {
    const rows = Object.entries(settings).map(([name, setting]) => [
      `[\`${name}\`](../configuration.md#${name.toLowerCase()})`,
      typeOf(setting),
      defaultOf(setting),
      setting.description,
    ]);
    return `## ${title}\n\n${table(['setting', 'value', 'default', 'meaning'], rows)}\n`;
  });
  return `# Settings

Every setting is an environment variable: an application setting in Azure, or a line of \`local.settings.json\`.
[Configuration](../configuration.md) explains each of them.

\`npm run docs\` writes this page from [settings.ts](../../src/shared/config/settings.ts).

${groups.join('\n')}`;
}

/**
 * docs/configuration.md with a generated first paragraph below each setting's heading: what the setting means, its
 * type and its default. Everything else on the page is written by hand.
 * @throws {Error} if the headings are not those of the settings, in their order
 */
export function configurationPage(current: string): string {
  const settings = settingGroups.flatMap((group) => Object.entries(group.settings));
  const [introduction = '', ...sections] = current.split(/^(?=### `)/m);
  const documented = sections.map((section) => /^### `(\w+)`/.exec(section)?.[1] ?? '');
  const names = settings.map(([name]) => name);
  if (documented.join() !== names.join()) {
    throw new Error(`docs/configuration.md needs these headings in this order: ${names.join(', ')}`);
  }
  const written = sections.map((section, index) => {
    const [, , ...rest] = section.split('\n\n');
    const [name, setting] = settings[index] ?? [];
    if (name === undefined || setting === undefined) return section;
    return [`### \`${name}\``, firstParagraph(setting), ...rest].join('\n\n');
  });
  return `${[introduction, ...written].join('').trimEnd()}\n`;
}

/** How much more the host accepts than `GRAPH_BODY_LIMIT_BYTES`, so that the service refuses most larger bodies itself. */
const HOST_BODY_MARGIN_BYTES = 64 * 1024;

/** local.settings.example.json */
export function exampleSettings(): string {
  const bodyLimit = settings.GRAPH_BODY_LIMIT_BYTES;
  if (bodyLimit.absence.kind !== 'default') throw new Error('GRAPH_BODY_LIMIT_BYTES has no default');
  const host = {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    AzureWebJobsSecretStorageType: 'files',
    AzureWebJobsDisableHomepage: 'true',
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(Number(bodyLimit.absence.text) + HOST_BODY_MARGIN_BYTES),
  };
  const groups = [
    Object.entries(host),
    ...settingGroups.map(({ settings }) =>
      Object.entries(settings).map(([name, setting]) => [name, exampleOf(setting)] as const),
    ),
  ];
  const lines = groups.map((group) =>
    group.map(([name, text]) => `    ${JSON.stringify(name)}: ${JSON.stringify(text)}`).join(',\n'),
  );
  return `{\n  "IsEncrypted": false,\n  "Values": {\n${lines.join(',\n\n')}\n  }\n}\n`;
}

function exampleOf({ absence, validator, condition }: Setting<unknown>): string {
  if (absence.kind === 'default') return absence.text;
  const isNeeded = absence.kind === 'required' && condition === undefined;
  return `<${validator.expected}${isNeeded ? '' : '; else remove this line'}>`;
}

function typeOf({ validator, isSecret }: Setting<unknown>): string {
  return isSecret ? `${validator.type} (secret)` : validator.type;
}

function defaultOf({ absence, condition }: Setting<unknown>): string {
  switch (absence.kind) {
    case 'default':
      return `\`${absence.text}\``;
    case 'optional':
      return absence.without;
    case 'required':
      return condition === undefined ? 'required' : `required ${condition.text}`;
  }
}

function firstParagraph({ absence, condition, description, isSecret, validator }: Setting<unknown>): string {
  const facts = [
    `Type: ${validator.type}.`,
    ...(absence.kind === 'default' ? [`Default: \`${absence.text}\`.`] : []),
    ...(absence.kind === 'optional' ? [`Default: ${absence.without}.`] : []),
    ...(absence.kind === 'required' && condition === undefined ? ['Required.'] : []),
    ...(absence.kind === 'required' && condition !== undefined
      ? [`Required ${condition.text}, otherwise not read.`]
      : []),
    ...(absence.kind === 'optional' && condition !== undefined ? [`Read only ${condition.text}.`] : []),
    ...(isSecret ? ['Secret.'] : []),
  ];
  return wrapped(`${description} ${facts.join(' ')}`);
}

const LINE_LENGTH = 120;

function wrapped(text: string): string {
  return text.split(' ').reduce((lines, word) => {
    const lineLength = lines.length - lines.lastIndexOf('\n') - 1;
    return lineLength + 1 + word.length > LINE_LENGTH ? `${lines}\n${word}` : `${lines} ${word}`;
  });
}
