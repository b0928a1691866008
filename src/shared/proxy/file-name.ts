import { Buffer } from 'node:buffer';
import { decodeUtf8 } from '../policy/utf8.ts';

/** SharePoint's longest names have 255 characters, each of which may be percent-encoded in nine. */
const MAX_HEADER_LENGTH = 4096;
const MAX_NAME_LENGTH = 200;
const MAX_EXTENSION_LENGTH = 20;

/**
 * The `Content-Disposition` for the browser: a download with the file name that the API suggests. The API's own header could
 * show a document in this origin, or suggest a path.
 * @returns undefined if the header names no file
 * @see RFC 6266, RFC 8187
 */
export function toAttachment(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const name = toSafeName(readFileName(header) ?? '');
  return name === '' ? undefined : `attachment; filename*=UTF-8''${encodeName(name)}`;
}

const parameterPattern = /;[\t ]*([^\s"=;]+)[\t ]*=[\t ]*(?:"((?:[^"\\]|\\.)*)"|([^\s";]*))[\t ]*/y;

/** `filename*` takes precedence over `filename` (RFC 6266, 4.3). */
function readFileName(header: string): string | undefined {
  if (header.length > MAX_HEADER_LENGTH) return undefined;
  const parameters = new Map<string, string>();
  parameterPattern.lastIndex = header.indexOf(';');
  if (parameterPattern.lastIndex === -1) return undefined;
  for (;;) {
    const match = parameterPattern.exec(header);
    if (match === null) break;
    const [, name = '', quoted, token = ''] = match;
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token);
  }
  const plain = parameters.get('filename');
  return readExtendedValue(parameters.get('filename*') ?? '') ?? (plain && fromBytes(plain));
}

/** @see RFC 8187, 3.2 */
function readExtendedValue(text: string): string | undefined {
  const [, charset = '', value = ''] = /^(UTF-8|ISO-8859-1)'[^']*'([\x21-\x7e]*)$/i.exec(text) ?? [];
  if (/%(?![0-9a-f]{2})/i.test(value)) return undefined;
  const bytes = value.replace(/%(..)/g, (_text, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  if (charset.toUpperCase() === 'ISO-8859-1') return bytes;
  return charset === '' ? undefined : decodeUtf8(Buffer.from(bytes, 'latin1'));
}

/** Servers write UTF-8 although the grammar has none. Node.js reads one character per byte. */
const fromBytes = (text: string) => decodeUtf8(Buffer.from(text, 'latin1')) ?? text;

/** Controls, and characters that reverse text, so that `exe.pdf` may be shown for a program. */
const hidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

function toSafeName(name: string): string {
  const [last = ''] = name.replace(hidden, '').split(/[/\\]/).slice(-1);
  // A colon would name a stream of another file on Windows, which has no file names with these characters.
  return shorten(last.replace(/[:*?"<>|]/g, '_')).replace(/^[. ]+|[. ]+$/g, '');
}

/** Keeps the extension, by which the system chooses the program. */
function shorten(name: string): string {
  const characters = [...name];
  if (characters.length <= MAX_NAME_LENGTH) return name;
  const dot = characters.lastIndexOf('.');
  const extension = dot === -1 ? [] : characters.slice(dot);
  const kept = extension.length > MAX_EXTENSION_LENGTH ? [] : extension;
  return [...characters.slice(0, MAX_NAME_LENGTH - kept.length), ...kept].join('');
}

/** `encodeURIComponent` leaves four characters that the grammar does not allow. */
const encodeName = (name: string) =>
  encodeURIComponent(name).replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
