import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../../src/shared/config/config.ts';
import { type PagesOptions, readPages } from '../../../src/shared/config/pages.ts';
import type { Environment } from '../../../src/shared/config/setting.ts';
import { english, messageKeys } from '../../../src/shared/pages/messages/english.ts';

const common: Environment = {
  PUBLIC_BASE_URL: 'https://app.contoso.example',
  ENTRA_TENANT_ID: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01',
  ENTRA_CLIENT_ID: '5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10',
  ENTRA_CLIENT_CREDENTIAL: 'managed-identity',
  SESSION_KEYS: `1:${randomBytes(32).toString('base64url')}`,
  SESSION_INDEX_KEY: randomBytes(32).toString('base64url'),
  SESSION_TABLE_ENDPOINT: 'https://contoso.table.core.windows.net',
};

const read = (environment: Environment, options?: PagesOptions) =>
  readPages(parseConfig({ ...common, ...environment }).pages, options);

function issuesOf(environment: Environment, options?: PagesOptions): readonly string[] {
  try {
    read(environment, options);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
}

let folder: string;
const path = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pages-'));
  writeFileSync(path('logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(path('large.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>'.padEnd(40_000));
  writeFileSync(path('text.svg'), 'a logo');
  writeFileSync(path('nl.json'), '{"action.back": "Terug naar de app"}');
  writeFileSync(path('broken.json'), '{"action.back": ');
  writeFileSync(path('twice.json'), '{"action.back": "a", "action.back": "b"}');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the pages of an app', () => {
  it('take name, logo, colors and languages from the settings', () => {
    const { pages, warnings } = read({
      PAGES_NAME: 'Contoso Orders',
      PAGES_LOGO_FILE: path('logo.svg'),
      PAGES_ACCENT: '#067A46',
      PAGES_ACCENT_DARK: '#3dc',
      PAGES_LANGUAGES: 'de, en',
    });
    expect(pages).toEqual({
      identity: {
        name: 'Contoso Orders',
        logo: expect.stringMatching(/^data:image\/svg\+xml;base64,/),
        accent: { light: '#067a46', dark: '#33ddcc' },
      },
      ownCatalogues: new Map(),
      languages: ['de', 'en'],
    });
    expect(warnings).toEqual([]);
  });

  it('take the same from code, and texts too', () => {
    const { pages } = read(
      {},
      {
        name: 'Contoso Orders',
        logo: path('logo.svg'),
        accent: '#067a46',
        accentDark: '#3ddc97',
        languages: ['nl', 'en'],
        messages: { nl: path('nl.json'), de: { 'action.back': 'Zurück' } },
      },
    );
    expect(pages.identity).toMatchObject({
      name: 'Contoso Orders',
      accent: { light: '#067a46', dark: '#3ddc97' },
    });
    expect(pages.languages).toEqual(['nl', 'en']);
    expect(pages.ownCatalogues).toEqual(
      new Map([
        ['nl', { 'action.back': 'Terug naar de app' }],
        ['de', { 'action.back': 'Zurück' }],
      ]),
    );
  });

  it('prefer a setting to code, so that a deployment can differ', () => {
    const { pages } = read(
      { PAGES_NAME: 'Contoso Orders (test)' },
      { name: 'Contoso Orders', accent: '#067a46' },
    );
    expect(pages.identity).toMatchObject({ name: 'Contoso Orders (test)', accent: { light: '#067a46' } });
  });

  it('have a lighter shade of the accent in the dark color scheme', () => {
    const { identity } = read({ PAGES_ACCENT: '#0b5cad' }).pages;
    expect(identity?.accent).toEqual({ light: '#0b5cad', dark: '#6095ca' });
  });

  it('need neither settings nor code', () => {
    expect(read({})).toEqual({ pages: { identity: {}, ownCatalogues: new Map() }, warnings: [] });
  });

  it.each(['Your Health', 'Exchange Messages', 'Placeholder Art'])(
    'may be those of an app whose name looks like an example: %s',
    (name) => {
      expect(read({ PAGES_NAME: name }).pages.identity).toEqual({ name });
    },
  );
});

describe('a language of an app', () => {
  it('that lacks texts leaves a warning, because they are shown in English', () => {
    const { 'action.back': _back, 'action.continue': _continue, ...most } = english;
    expect(read({}, { messages: { nl: path('nl.json') } }).warnings).toEqual([
      `pages.messages, "nl" has no text for "action.back_to" and ${messageKeys.length - 2} more, which are shown in English; add them.`,
    ]);
    expect(read({}, { messages: { nl: { ...most, 'action.back': 'Terug' } } }).warnings).toEqual([
      'pages.messages, "nl" has no text for "action.continue", which is shown in English; add it.',
    ]);
    expect(read({}, { messages: { nl: { ...english }, 'nl-BE': {} } }).warnings).toEqual([]);
  });

  it('that overrides a part of a language of this service leaves none', () => {
    expect(read({}, { messages: { de: {}, 'pt-BR': {}, 'en-GB': {} } }).warnings).toEqual([]);
  });
});

describe('refuses', () => {
  it.each<[what: string, environment: Environment, issue: RegExp]>([
    [
      'a name in two lines',
      { PAGES_NAME: 'a\nb' },
      /^PAGES_NAME is not usable; set it to the name of your app: 1 to 60/,
    ],
    ['a name in quotes', { PAGES_NAME: '"Contoso"' }, /^PAGES_NAME is in quotes; remove the quotes/],
    ['a name that is a placeholder', { PAGES_NAME: 'changeme' }, /^PAGES_NAME is still a placeholder/],
    [
      'a color that is a word',
      { PAGES_ACCENT: 'green' },
      /^PAGES_ACCENT is not usable; set it to a color like #0b5cad\.$/,
    ],
    [
      'a color that is too light for light pages',
      { PAGES_ACCENT: '#0b6' },
      /^PAGES_ACCENT has a contrast below 4\.5:1 on light pages; set it to a darker color, for example #00[78]\w{3}\.$/,
    ],
    [
      'a color that is too dark for dark pages',
      { PAGES_ACCENT: '#0b5cad', PAGES_ACCENT_DARK: '#0b5cad' },
      /^PAGES_ACCENT_DARK has a contrast below 4\.5:1 on dark pages; set it to a lighter color, for example #\w{6}\.$/,
    ],
    [
      'a dark color alone',
      { PAGES_ACCENT_DARK: '#3ddc97' },
      /^PAGES_ACCENT_DARK is set without the accent for light pages/,
    ],
    [
      'a logo without a name',
      { PAGES_LOGO_FILE: 'logo.svg' },
      /^PAGES_LOGO_FILE is set without the name of the app/,
    ],
    [
      'a logo that does not exist',
      { PAGES_NAME: 'x', PAGES_LOGO_FILE: '/nowhere/logo.svg' },
      /^PAGES_LOGO_FILE, the file cannot be read; give the path of a file\.$/,
    ],
    [
      'a language without texts',
      { PAGES_LANGUAGES: 'de,nl' },
      /^PAGES_LANGUAGES has a language without texts; use en, de, es, fr, ja, pt, or/,
    ],
    [
      'a language twice',
      { PAGES_LANGUAGES: 'de,de' },
      /^PAGES_LANGUAGES is not usable; set it to language tags/,
    ],
    ['a language that is none', { PAGES_LANGUAGES: 'german language' }, /^PAGES_LANGUAGES is not usable/],
  ])('%s', (_what, environment, issue) => {
    expect(issuesOf(environment)[0]).toMatch(issue);
  });

  it('a file that is no logo, or too large', () => {
    const issuesWith = (name: string) => issuesOf({ PAGES_NAME: 'x', PAGES_LOGO_FILE: path(name) });
    expect(issuesWith('text.svg')).toEqual([
      expect.stringMatching(/^PAGES_LOGO_FILE, the file is neither a PNG nor an SVG/),
    ]);
    expect(issuesWith('large.svg')).toEqual([
      'PAGES_LOGO_FILE, the file has 40000 bytes; make it smaller, at most 32768.',
    ]);
  });

  it('wrong options, all at once, each by its name', () => {
    const options: unknown = {
      name: 7,
      accent: '#0b6',
      colour: 'red',
      languages: ['de', 'x y'],
      messages: {
        nl: { 'action.bakc': 'Terug' },
        Dutch: {},
        de: path('broken.json'),
        fr: path('twice.json'),
        es: path('missing.json'),
        ja: 7,
      },
    };
    expect(issuesOf({}, options as PagesOptions)).toEqual([
      expect.stringMatching(/^pages\.colour is not an option; use name, logo, /),
      expect.stringMatching(/^pages\.name is not usable; set it to the name of your app/),
      expect.stringMatching(/^pages\.accent has a contrast below 4\.5:1 on light pages/),
      expect.stringMatching(/^pages\.languages is not usable/),
      'pages.messages, "nl", "action.bakc" is not the name of a text; remove it.',
      'pages.messages, "Dutch" is not a language tag; use one like nl or pt-BR.',
      expect.stringMatching(/^pages\.messages, "de", the file is not JSON/),
      'pages.messages, "fr", the file has the name "action.back" twice; remove one.',
      'pages.messages, "es", the file cannot be read; give the path of a JSON file.',
      expect.stringMatching(/^pages\.messages, "ja", are not an object/),
    ]);
  });

  it('to put a value into an issue', () => {
    const issues = issuesOf({
      PAGES_ACCENT: '#0bb066',
      PAGES_NAME: 'se\ncret',
      PAGES_LANGUAGES: 'secret words',
    });
    expect(issues).toHaveLength(3);
    expect(issues.join()).not.toMatch(/0bb066|secret|se\n/);
  });
});
