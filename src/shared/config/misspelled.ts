import { editDistanceWithin } from './edit-distance.ts';
import { type Environment, isSet } from './setting.ts';
import { apiPrefix, apiSettings, settings } from './settings.ts';

/**
 * Reports variables that are ignored although their name is almost that of a setting, or is that of a setting for an
 * API that `API_NAMES` does not list. Such a variable may have been meant as a restriction, for example
 * `ENTRA_GUEST=refuse`.
 * @param apiNames the values of `API_NAMES`
 */
export function misspelledNames(environment: Environment, apiNames: readonly string[]): readonly string[] {
  const known = [
    ...Object.keys(settings),
    ...apiNames.flatMap((apiName) => Object.keys(apiSettings).map((name) => `${apiPrefix(apiName)}${name}`)),
  ];
  const isKnown = new Set(known);
  // On Windows, a variable is found under every spelling of its letter case.
  const missing = known.filter((name) => !isSet(environment[name]));
  return Object.keys(environment).flatMap((name) => {
    if (isKnown.has(name) || !isSet(environment[name])) return [];
    const nearest = nearestName(name, missing);
    if (nearest !== undefined) return [`${name} is not read; did you mean ${nearest}?`];
    const api = apiOfSetting(name);
    return api === undefined || apiNames.includes(api)
      ? []
      : [`${name} is not read; add "${api}" to API_NAMES, or remove the setting.`];
  });
}

/** The API to which a setting would belong: `orders` for `API_ORDERS_ORIGIN`. */
function apiOfSetting(name: string): string | undefined {
  const suffix = Object.keys(apiSettings).find((setting) => name.endsWith(`_${setting}`));
  const [, api] =
    /^API_([A-Z][A-Z0-9]*)$/.exec(suffix === undefined ? '' : name.slice(0, -suffix.length - 1)) ?? [];
  return api?.toLowerCase();
}

const MAX_DISTANCE = 2;
const MIN_LENGTH = 8;

function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const upperCase = name.toUpperCase();
  if (upperCase.length < MIN_LENGTH) return undefined;
  const near = candidates
    .flatMap((candidate) => {
      const distance = editDistanceWithin(upperCase, candidate, MAX_DISTANCE);
      return distance === undefined ? [] : [{ candidate, distance }];
    })
    .toSorted((left, right) => left.distance - right.distance);
  if (near[0] !== undefined) return near[0].candidate;
  const words = upperCase.split('_');
  return words.length > 1 ? candidates.find((candidate) => leavesOutWords(words, candidate)) : undefined;
}

/** True for `ENTRA_SECRET` instead of `ENTRA_CLIENT_SECRET`: the same first word, and no word that the setting lacks. */
function leavesOutWords(words: readonly string[], setting: string): boolean {
  if (!setting.startsWith(`${words[0]}_`)) return false;
  const wordsOfSetting = setting.split('_');
  return words.every((word) => wordsOfSetting.includes(word));
}
