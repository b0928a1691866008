import type { Catalogue, MessageKey } from './messages/english.ts';
import { english } from './messages/english.ts';
import { placeholdersOf } from './presentation.ts';

const MAX_TEXT_LENGTH = 500;

/** Language tags with region and script: `nl`, `pt-BR`, `zh-Hant-TW`. */
const languageTagPattern = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}$/;

export function isLanguageTag(text: string): boolean {
  return languageTagPattern.test(text);
}

export interface CheckedCatalogue {
  readonly messages: Partial<Catalogue>;
  /** Each completes "the messages of nl, …" with the problem and its fix. */
  readonly issues: readonly string[];
}

/** Checks the texts of an app in one language. @param value from a JSON file or from code without types */
export function checkCatalogue(value: unknown): CheckedCatalogue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { messages: {}, issues: ['are not an object; set each name of a text to its text'] };
  }
  const entries = Object.entries(value).map(([key, text]: [string, unknown]) => checkMessage(key, text));
  return {
    messages: Object.fromEntries(entries.flatMap(({ message }) => (message === undefined ? [] : [message]))),
    issues: entries.flatMap(({ issue }) => (issue === undefined ? [] : [issue])),
  };
}

interface CheckedMessage {
  readonly message?: readonly [MessageKey, string];
  readonly issue?: string;
}

function checkMessage(key: string, text: unknown): CheckedMessage {
  const name = JSON.stringify(key);
  if (!isMessageKey(key)) return { issue: `${name} is not the name of a text; remove it` };
  if (typeof text !== 'string' || text.trim() === '' || text.length > MAX_TEXT_LENGTH) {
    return { issue: `${name} is not a text of 1 to ${MAX_TEXT_LENGTH} characters; set it to one` };
  }
  if (/[\p{Cc}\u2028\u2029]/u.test(text)) {
    return { issue: `${name} has a line end or another control character; remove it` };
  }
  const [expected, actual] = [placeholdersOf(english[key]), placeholdersOf(text)];
  if (expected.join() !== actual.join()) {
    const list = expected.map((placeholder) => `{${placeholder}}`).join(', ');
    return {
      issue: `${name} must have ${list === '' ? 'no placeholder' : `exactly the placeholders ${list}`}; correct it`,
    };
  }
  return { message: [key, text] };
}

function isMessageKey(key: string): key is MessageKey {
  return Object.hasOwn(english, key);
}
