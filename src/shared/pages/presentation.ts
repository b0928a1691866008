import { chooseLanguage } from './accept-language.ts';
import { completeCatalogue, type OwnCatalogues, shippedLanguages } from './catalogues.ts';
import { type Html, html } from './html.ts';
import type { Identity } from './identity.ts';
import { type Catalogue, english, type MessageKey } from './messages/english.ts';

/** The app's identity, its own texts, and the languages of its pages. */
export interface PagesConfig {
  readonly identity?: Identity;
  readonly ownCatalogues?: OwnCatalogues;
  /** The default first. Default: English, then every other language that has texts. */
  readonly languages?: readonly string[];
}

/** How a page presents itself to one user: in which language, and as part of which app. */
export interface Presentation {
  readonly identity: Identity;
  /** Language tag, for `lang`. */
  readonly language: string;
  readonly direction: 'ltr' | 'rtl';
  /** The text with its placeholders replaced. It is plain text, which `html` escapes. */
  text(key: MessageKey, values?: Readonly<Record<string, string>>): string;
  /** The same for a page, with values that may have elements. */
  markup(key: MessageKey, values: Readonly<Record<string, Html | string>>): Html;
}

/** @param acceptLanguage the header `Accept-Language` of the request */
export type Present = (acceptLanguage: string | undefined) => Presentation;

export function createPresent({
  identity = {},
  ownCatalogues = new Map(),
  languages = [...new Set([...shippedLanguages, ...ownCatalogues.keys()])],
}: PagesConfig = {}): Present {
  const presentations = new Map<string, Presentation>();
  return (acceptLanguage) => {
    const language = chooseLanguage(acceptLanguage, languages) ?? 'en';
    let presentation = presentations.get(language);
    if (presentation === undefined) {
      presentation = createPresentation(language, () => completeCatalogue(language, ownCatalogues), identity);
      presentations.set(language, presentation);
    }
    return presentation;
  };
}

/** The same app in English, for pages that have no other language. */
export function inEnglish({ identity }: Presentation): Presentation {
  return createPresentation('en', () => english, identity);
}

/** @param readCatalogue called for the first text: most sign-ins end without a page, and need no catalogue */
function createPresentation(
  language: string,
  readCatalogue: () => Catalogue,
  identity: Identity,
): Presentation {
  let catalogue: Catalogue | undefined;
  const textOf = (key: MessageKey): string => {
    catalogue ??= readCatalogue();
    return catalogue[key];
  };
  return {
    identity,
    language,
    direction: isRightToLeft(language) ? 'rtl' : 'ltr',
    text: (key, values = {}) => pieces(textOf(key), values).join(''),
    markup: (key, values) => html`${pieces(textOf(key), values)}`,
  };
}

const placeholder = /\{([a-z]+)\}/;

/** The names of the placeholders in a text, each once, sorted. */
export function placeholdersOf(text: string): readonly string[] {
  return [...new Set(text.split(placeholder).filter((_piece, at) => at % 2 === 1))].toSorted();
}

/** A text, cut at its placeholders, with the values in their place. A placeholder without a value stays. */
function pieces<Value>(text: string, values: Readonly<Record<string, Value>>): readonly (Value | string)[] {
  return text.split(placeholder).map((piece, at) => (at % 2 === 0 ? piece : (values[piece] ?? `{${piece}}`)));
}

/** Languages and scripts that are written from right to left. `Intl` knows them too, but is slow at a cold start. */
const rightToLeft = new Set(['ar', 'ckb', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi']);
const rightToLeftScripts = new Set(['adlm', 'arab', 'hebr', 'nkoo', 'rohg', 'syrc', 'thaa']);

function isRightToLeft(language: string): boolean {
  const [primary = '', ...others] = language.toLowerCase().split('-');
  const script = others.find((subtag) => subtag.length === 4);
  return script === undefined ? rightToLeft.has(primary) : rightToLeftScripts.has(script);
}

/** The label of the link back to the app. */
export function backLabel({ identity: { name }, text }: Presentation): string {
  return name === undefined ? text('action.back') : text('action.back_to', { app: name });
}

/** The label of the link to the app, for someone who may not have been there. */
export function openLabel({ identity: { name }, text }: Presentation): string {
  return name === undefined ? text('action.open') : text('action.open_app', { app: name });
}
