import { BffError } from '../errors.ts';
import { parseJson } from './json-text.ts';
import { decodeUtf8 } from './utf8.ts';

/**
 * Refuses a body with a field that its rule does not list. Graph accepts more fields than a rule's author may expect: a
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
  requireUtf8Type(contentType);
  requireListedFields(bodyFields, fieldsOf(body));
}

/**
 * Refuses a `Content-Type` with any parameter except `charset=utf-8`, because in another encoding the same bytes are other
 * names.
 * @throws {BffError} content_type_not_allowed
 */
export function requireUtf8Type(contentType: string | undefined): void {
  if (/^[^;]*(?:;[ \t]*charset=(?:"utf-8"|utf-8)[ \t]*)?$/i.test(contentType ?? '')) return;
  throw new BffError('content_type_not_allowed', {
    rules: ['content-type'],
    detail: 'The body must be UTF-8, and its Content-Type must not have another charset or parameter.',
  });
}

/**
 * @param fields the names in the body; undefined unless the body is a JSON object without duplicate names
 * @throws {BffError} path_not_allowed
 */
export function requireListedFields(
  bodyFields: readonly string[],
  fields: readonly string[] | undefined,
): void {
  if (fields?.every((name) => bodyFields.includes(name))) return;
  throw new BffError('path_not_allowed', {
    rules: ['body'],
    detail: `The body must be a JSON object without duplicate names that has only these fields: ${bodyFields.join(', ')}.`,
  });
}

/**
 * The names at the top level. Nested values are checked but not kept, because those of a body of 10 MiB could exhaust the
 * worker's memory. Undefined unless the body is a JSON object without duplicate names.
 */
function fieldsOf(body: Uint8Array): readonly string[] | undefined {
  const text = decodeUtf8(body);
  if (text === undefined) return undefined;
  const value = parseJson(text, { openedLevels: 1, uniqueNames: 'everywhere' });
  return value.kind === 'object' ? [...value.members.keys()] : undefined;
}
