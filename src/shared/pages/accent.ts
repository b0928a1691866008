/** The color of buttons and links, as `#rrggbb`, for the light and the dark color scheme. */
export interface Accent {
  readonly light: string;
  readonly dark: string;
}

export type ColorScheme = keyof Accent;

/** WCAG 2.2, success criterion 1.4.3 (AA), for text of normal size. */
export const MIN_CONTRAST = 4.5;

/**
 * What the accent touches in `assets/`: behind links and labels it is the cards, the page and the tint of the admin
 * console; on a filled button it is behind the label.
 */
export const surroundings: Readonly<Record<ColorScheme, readonly string[]>> = {
  light: ['#ffffff', '#f6f7f9', '#e9f1fa'],
  dark: ['#171e26', '#0f141a', '#1d2b3a', '#0b1520'],
};

/** The color as `#rrggbb` in lower case. Undefined for anything but `#rgb` and `#rrggbb`. */
export function parseColor(text: string): string | undefined {
  const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1]?.toLowerCase();
  if (digits === undefined) return undefined;
  return `#${digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits}`;
}

/** The lowest contrast of the color with what is around it in this color scheme: 1 to 21. */
function lowestContrast(color: string, scheme: ColorScheme): number {
  return Math.min(...surroundings[scheme].map((other) => contrast(color, other)));
}

export function isReadable(color: string, scheme: ColorScheme): boolean {
  return lowestContrast(color, scheme) >= MIN_CONTRAST;
}

/** The nearest readable shade: darker in the light color scheme, lighter in the dark one. */
export function readableShade(color: string, scheme: ColorScheme): string {
  const target = scheme === 'light' ? 0 : 255;
  let shade = color;
  for (let percent = 0; percent <= 100 && !isReadable(shade, scheme); percent++) {
    shade = mix(color, target, percent / 100);
  }
  return shade;
}

function mix(color: string, target: number, share: number): string {
  const channels = channelsOf(color).map((channel) => Math.round(channel + (target - channel) * share));
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

function channelsOf(color: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

/** @see https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(left: string, right: string): number {
  const [darker = 0, lighter = 0] = [luminance(left), luminance(right)].toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** @see https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(color).map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
