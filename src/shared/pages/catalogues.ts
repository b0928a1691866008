import { type Catalogue, english } from './messages/english.ts';
import { french } from './messages/french.ts';
import { german } from './messages/german.ts';
import { japanese } from './messages/japanese.ts';
import { portuguese } from './messages/portuguese.ts';
import { spanish } from './messages/spanish.ts';

/**
 * The languages that this service includes, English first. The bundle contains only English: each of the other catalogues
 * is read from its file when the first page in its language is shown (`build/deferred.ts`).
 */
const shippedCatalogues: ReadonlyMap<string, () => Catalogue> = new Map([
  ['en', () => english],
  ['de', german],
  ['es', spanish],
  ['fr', french],
  ['ja', japanese],
  ['pt', portuguese],
]);

export const shippedLanguages: readonly string[] = [...shippedCatalogues.keys()];

/** Texts of an app, by language tag. They take precedence over those of this service. */
export type OwnCatalogues = ReadonlyMap<string, Partial<Catalogue>>;

/**
 * All texts in one language. A text that the language lacks is that of the more general language, at last English:
 * `pt-BR`, then `pt`, then `en`.
 */
export function completeCatalogue(language: string, own: OwnCatalogues): Catalogue {
  const end = language.lastIndexOf('-');
  const general = end === -1 ? 'en' : language.slice(0, end);
  const fallback = language === 'en' ? english : completeCatalogue(general, own);
  return { ...fallback, ...shippedCatalogues.get(language)?.(), ...own.get(language) };
}
