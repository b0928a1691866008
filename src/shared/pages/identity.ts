import type { Accent } from './accent.ts';

/** What makes a page look like a part of the app. */
export interface Identity {
  /** As users know the app. */
  readonly name?: string;
  /** A `data:` URL. It is only ever the source of an image, in which no script runs and which loads nothing. */
  readonly logo?: string;
  readonly accent?: Accent;
}

/** Characters that end a line, control a terminal or change the direction of the text around them. */
const unsafeInName = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

export const MAX_NAME_LENGTH = 60;

/** A name of an app: text in one line. It is shown as text, so it may have any visible character. */
export function isAppName(text: string): boolean {
  return text.length <= MAX_NAME_LENGTH && text !== '' && text.trim() === text && !unsafeInName.test(text);
}
