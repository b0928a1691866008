import { createHash } from 'node:crypto';

/** ETags are only compared, so two states are equal if only the spelling of their ETags differs. */
export function canonicalHash(text: string): string {
  const names = new Map<string, string>();
  const canonical = text.replace(/etag-\d+/g, (etag) => {
    const name = names.get(etag) ?? `version ${names.size}`;
    names.set(etag, name);
    return name;
  });
  return createHash('sha1').update(canonical).digest('base64');
}
