import { BffError } from '../errors.ts';
import { parseJson } from './json-text.ts';

/**
 * Compares a body with the fields that its rule names. Graph accepts more fields than a rule's author thinks of: a
 * PATCH of a group accepts `members@odata.bind`, which adds members.
 * @param body undefined or empty if the call has none
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
 * Refuses a type that names another encoding than UTF-8, because in another encoding the same bytes are other names.
 * @throws {BffError} content_type_not_allowed
 */
export function requireReadableType(contentType: string | undefined): void {
  if (/^[^;]*(?:;[ \t]*charset=(?:"utf-8"|utf-8)[ \t]*)?$/i.test(contentType ?? '')) return;
  throw new BffError('content_type_not_allowed', {
    rules: ['content-type'],
    detail: 'The body must be UTF-8, and its Content-Type must not name another encoding or parameter.',
  });
}

/** @param names undefined if the body is not an object */
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

/**
 * The user chooses the body, which may have up to 10 MiB. Nested values are checked but not kept, because one body
 * could otherwise stop the worker.
 */
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
