import { GraphError } from '../reply.ts';

/** Characters and names that OneDrive does not allow. `#` and `%` are allowed. */
const forbidden = /["*:<>?/\\|\p{Cc}]/u;
const reserved = /^(?:\.lock|con|prn|aux|nul|com\d|lpt\d|desktop\.ini|~\$.*|.*_vti_.*)$/i;

/** @see https://support.microsoft.com/office/64883a5d-228e-48f5-b3d2-eb39e07630fa @throws {GraphError} */
export function requireFileName(name: string): string {
  if (
    name === '' ||
    name !== name.trim() ||
    name.endsWith('.') ||
    forbidden.test(name) ||
    reserved.test(name)
  )
    throw new GraphError(400, 'invalidRequest', `The name '${name}' is not allowed for a file or folder.`);
  return name;
}

export function isSameName(first: string, second: string): boolean {
  return first.toLowerCase() === second.toLowerCase();
}

/** Returns a free name, for example `Report 1.docx`. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  const [, stem = name, extension = ''] = /^(.+?)(\.[^.]+)?$/.exec(name) ?? [];
  for (let number = 1; ; number++) {
    const next = `${stem} ${number}${extension}`;
    if (!isTaken(next)) return next;
  }
}

const mimeTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  gif: 'image/gif',
  htm: 'text/html',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  md: 'text/markdown',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  zip: 'application/zip',
};

export function mimeTypeOf(name: string): string {
  return mimeTypes[extensionOf(name)] ?? 'application/octet-stream';
}

export function extensionOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}
