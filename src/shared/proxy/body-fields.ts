import { BffError } from '../errors.ts';
import { parseJson } from './json-text.ts';

/**
 * Compares a body with the fields that its rule names. Graph takes more than a rule's author thinks of: a group that is
 * changed takes `members@odata.bind`, and so new members.
 * @param body undefined or empty where none came
 * @throws {BffError} path_not_allowed, content_type_not_allowed
 */
export function requireBodyFields(
  bodyFields: readonly string[] | undefined,
  body: Uint8Array | undefined,
  contentType: string | undefined,
): void {
  if (bodyFields === undefined || body === undefined || body.byteLength === 0) return;
  requireReadableType(contentType);
  requireNamesOf(bodyFields, namesIn(body));
}

/**
 * Refuses a type that says how else than in UTF-8 the body is read: in another encoding the same bytes are other names.
 * @throws {BffError} content_type_not_allowed
 */
export function requireReadableType(contentType: string | undefined): void {
  if (/^[^;]*(?:;[ \t]*charset=(?:"utf-8"|utf-8)[ \t]*)?$/i.test(contentType ?? '')) return;
  throw new BffError('content_type_not_allowed', {
    rules: ['content-type'],
    detail: 'The body must be UTF-8, and its type must say nothing else.',
  });
}

/** @param names undefined where there is no object to have any */
export function requireNamesOf(
  bodyFields: readonly string[] | undefined,
  names: readonly string[] | undefined,
): void {
  if (bodyFields === undefined || names?.every((name) => bodyFields.includes(name))) return;
  throw new BffError('path_not_allowed', {
    rules: ['body'],
    detail: `The body must be a JSON object in which nothing is named twice, with these fields only: ${bodyFields.join(', ')}.`,
  });
}

/** Up to 10 MiB that a user chooses: read without keeping what is inside, or one body would stop the worker (DO-4). */
function namesIn(body: Uint8Array): readonly string[] | undefined {
  const text = decode(body);
  const value =
    text === undefined ? undefined : parseJson(text, { openedLevels: 1, uniqueNames: 'everywhere' });
  return value?.kind === 'object' ? [...value.members.keys()] : undefined;
}

function decode(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
