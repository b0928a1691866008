import { type ColorScheme, isReadable, MIN_CONTRAST, parseColor, readableShade } from '../pages/accent.ts';
import { isAppName, MAX_NAME_LENGTH } from '../pages/identity.ts';
import { isLanguageTag } from '../pages/own-catalogue.ts';
import { isQuoted } from './setting.ts';
import { listOf, type Validator } from './validators.ts';

export const appName: Validator<string> = {
  type: `text in one line, 1 to ${MAX_NAME_LENGTH} characters`,
  expected: `the name of your app: 1 to ${MAX_NAME_LENGTH} characters in one line, without control characters`,
  isFreeText: true,
  parse: (text) => (isAppName(text) && !isQuoted(text) ? text : undefined),
};

const isShade = { light: 'darker', dark: 'lighter' } as const;

/** A color that can be read on the pages of this color scheme, and behind the label of a button. */
export function accentColor(scheme: ColorScheme): Validator<string> {
  return {
    type: 'color, `#rrggbb`',
    expected: `a color like ${scheme === 'light' ? '#0b5cad' : '#7cb8f5'}`,
    parse(text) {
      const color = parseColor(text);
      return color !== undefined && isReadable(color, scheme) ? color : undefined;
    },
    diagnose(text) {
      const color = parseColor(text);
      if (color === undefined) return undefined;
      return `has a contrast below ${MIN_CONTRAST}:1 on ${scheme} pages; set it to a ${isShade[scheme]} color, for example ${readableShade(color, scheme)}`;
    },
  };
}

export const languageTags: Validator<readonly string[]> = {
  ...listOf(
    'language tags, separated by commas',
    'language tags like en, de or pt-BR, each once, the default first, separated by commas',
    /^/,
  ),
  parse(text) {
    const tags = text.split(',').map((part) => part.trim());
    return tags.every(isLanguageTag) && new Set(tags).size === tags.length ? tags : undefined;
  },
};
