import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ColorScheme,
  isReadable,
  parseColor,
  readableShade,
  surroundings,
} from '../../../src/shared/pages/accent.ts';

const read = (name: string) =>
  readFileSync(new URL(`../../../src/shared/pages/assets/${name}`, import.meta.url), 'utf8');

/** The custom properties of a style sheet in a color scheme. */
function propertiesOf(style: string, scheme: ColorScheme): ReadonlyMap<string, string> {
  const [light = '', dark = ''] = style.split('@media (prefers-color-scheme: dark)');
  const [rule = ''] = (scheme === 'light' ? light : dark).split(/^ {0,2}\}/m);
  return new Map(
    [...rule.matchAll(/--([a-z-]+): (#[0-9a-f]+);/g)].map(([, name = '', color = '']) => [
      name,
      parseColor(color) ?? '',
    ]),
  );
}

const schemes = ['light', 'dark'] as const;

describe.each(schemes)('the surroundings of the accent on %s pages', (scheme) => {
  const common = propertiesOf(read('common.css'), scheme);
  const admin = propertiesOf(read('admin.css'), scheme);

  it('are those of the style sheets', () => {
    const around = [common.get('card'), common.get('paper'), admin.get('tint'), common.get('on-accent')];
    expect(new Set(surroundings[scheme])).toEqual(new Set(around));
  });

  it('can be told from the accent that the style sheets have', () => {
    expect(isReadable(common.get('accent') ?? '', scheme)).toBe(true);
  });
});

describe('the contrast of an accent', () => {
  it.each([
    ['#000000', 'light', true],
    ['#0b6bcb', 'light', true],
    ['#767676', 'light', false], // 4.54:1 on white, but less on the page and the tint
    ['#00bb66', 'light', false],
    ['#ffffff', 'light', false],
    ['#ffffff', 'dark', true],
    ['#0b5cad', 'dark', false],
  ] as const)('of %s on %s pages: enough is %s', (color, scheme, isEnough) => {
    expect(isReadable(color, scheme)).toBe(isEnough);
  });

  it('is enough for a shade of any color', () => {
    const color = fc
      .integer({ min: 0, max: 0xffffff })
      .map((value) => `#${value.toString(16).padStart(6, '0')}`);
    fc.assert(
      fc.property(color, fc.constantFrom(...schemes), (given, scheme) => {
        const shade = readableShade(given, scheme);
        expect(shade).toMatch(/^#[0-9a-f]{6}$/);
        expect(isReadable(shade, scheme)).toBe(true);
        if (isReadable(given, scheme)) expect(shade).toBe(given);
      }),
    );
  });
});

describe('a color', () => {
  it.each([
    ['#0b6', '#00bb66'],
    ['#0B5CAD', '#0b5cad'],
  ])('is read with three or six digits: %s', (text, color) => {
    expect(parseColor(text)).toBe(color);
  });
});

describe('refuses', () => {
  it.each([
    '',
    'blue',
    '#12',
    '#12345',
    '#1234567',
    '#0b5cad;',
    ' #0b5cad',
    '#0b5cad\n',
    '#ggg',
    'red}*{x:y',
    'var(--x)',
  ])('%j as a color', (text) => {
    expect(parseColor(text)).toBeUndefined();
  });
});
