import type { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type OwnCatalogues, shippedLanguages } from '../pages/catalogues.ts';
import { type Catalogue, type MessageKey, messageKeys } from '../pages/messages/english.ts';
import { checkCatalogue, isLanguageTag } from '../pages/own-catalogue.ts';
import { parseStrictJson } from '../policy/strict-json.ts';

/** Reads the texts of an app. Adds an issue with its fix for each that is wrong. */
export function readOwnCatalogues(
  messages: Readonly<Record<string, unknown>>,
  issues: string[],
): OwnCatalogues {
  const catalogues = new Map<string, Partial<Catalogue>>();
  for (const [language, given] of Object.entries(messages)) {
    const source = `pages.messages, ${JSON.stringify(language)}`;
    if (!isLanguageTag(language)) {
      issues.push(`${source} is not a language tag; use one like nl or pt-BR.`);
      continue;
    }
    const value = typeof given === 'string' ? readMessages(given) : { json: given };
    if ('issue' in value) {
      issues.push(`${source}, the file ${value.issue}.`);
      continue;
    }
    const checked = checkCatalogue(value.json);
    issues.push(...checked.issues.map((issue) => `${source}, ${issue}.`));
    catalogues.set(language, checked.messages);
  }
  return catalogues;
}

/** `issue` completes "the file …" with the problem and its fix. */
function readMessages(path: string): { readonly json: unknown } | { readonly issue: string } {
  const bytes = readBytes(path);
  if (bytes === undefined) return { issue: 'cannot be read; give the path of a JSON file' };
  const parsed = parseStrictJson(bytes.toString('utf8'));
  switch (parsed.kind) {
    case 'json':
      return { json: parsed.value };
    case 'malformed':
      return { issue: `is not JSON${parsed.at === undefined ? '' : ` at ${parsed.at}`}; correct it` };
    case 'duplicate':
      return { issue: `has the name ${JSON.stringify(parsed.name)} twice; remove one` };
  }
}

/** Warns of languages of an app whose pages are partly English. After an update, texts may be missing, so it is no issue. */
export function incompleteLanguages(own: OwnCatalogues): readonly string[] {
  return [...own.keys()].flatMap((language) => {
    const missing = missingTexts(language, own);
    if (missing.length === 0) return [];
    const [first = ''] = missing;
    const source = `pages.messages, ${JSON.stringify(language)} has no text for ${JSON.stringify(first)}`;
    return [
      missing.length === 1
        ? `${source}, which is shown in English; add it.`
        : `${source} and ${missing.length - 1} more, which are shown in English; add them.`,
    ];
  });
}

function missingTexts(language: string, own: OwnCatalogues): readonly MessageKey[] {
  const general = language.split('-').map((_, at, subtags) => subtags.slice(0, at + 1).join('-'));
  if (general.some((tag) => shippedLanguages.includes(tag))) return [];
  return messageKeys.filter((key) => general.every((tag) => own.get(tag)?.[key] === undefined));
}

/** Undefined if there is no such file. */
export function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
