import * as z from 'zod';
import { createKeyRing, parseKeyBytes } from '../crypto/key-ring.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads one setting, or notes what is wrong with it and gives undefined. */
export type Reader = <Value>(
  name: string,
  schema: z.ZodType<Value, string>,
  expected: string,
  fallback?: string,
) => Value | undefined;

/** Reads one setting; what is missing or wrong becomes a fault with its cure, and the reading goes on. */
export function createReader(environment: Environment, faults: string[]): Reader {
  return (name, schema, expected, fallback) => {
    const text = environment[name] ?? fallback;
    if (text === undefined || text.trim() === '') {
      faults.push(`${name} is missing; set it to ${expected}.`);
      return undefined;
    }
    // Left over from an example, or an unresolved Key Vault reference: it would only fail later, at a person's sign-in.
    if (/change[-_ ]?me|placeholder|^<.*>$|^\.\.\.$|^@Microsoft\.KeyVault/i.test(text)) {
      faults.push(`${name} is still a placeholder; set it to ${expected}.`);
      return undefined;
    }
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data;
    faults.push(`${name} is not usable; set it to ${expected}.`);
    return undefined;
  };
}

export function readOptional<Value>(
  read: Reader,
  environment: Environment,
  name: string,
  schema: z.ZodType<Value, string>,
  expected: string,
) {
  return environment[name] === undefined ? undefined : read(name, schema, expected);
}

export const guid = z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
export const tenant = z.union([guid, z.literal('organizations')]);

export function baseUrl(inAzure: boolean) {
  return z.string().refine((text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    const secure = url.protocol === 'https:' || (!inAzure && isLoopback(url) && url.protocol === 'http:');
    return secure && url.origin === text && !url.hostname.includes('*');
  });
}

export const loopbackOrigin = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === 'http:' && isLoopback(url) && url.origin === text;
});

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

export function integer(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,10}$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

export const keyBytes = z.string().transform((text, context) => {
  const bytes = parseKeyBytes(text);
  if (bytes !== undefined && new Set(bytes).size > 8) return bytes; // "AAAA…" has the length and no secret
  context.addIssue('not 32 random bytes');
  return z.NEVER;
});

export const sessionKeys = z.string().transform((text, context) => {
  const keys = text.split(',').map((pair) => {
    const [id = '', key = '', ...rest] = pair.trim().split(':');
    const bytes = keyBytes.safeParse(key);
    return /^[1-9]\d{0,8}$/.test(id) && rest.length === 0 && bytes.success
      ? { id: Number(id), bytes: bytes.data }
      : undefined;
  });
  const known = keys.filter((key) => key !== undefined);
  const distinct = new Set(known.map(({ bytes }) => bytes.toString('hex'))).size;
  if (
    known.length === keys.length &&
    distinct === keys.length &&
    new Set(known.map(({ id }) => id)).size === keys.length
  ) {
    return createKeyRing(known);
  }
  context.addIssue('not a key ring');
  return z.NEVER;
});

/** Settings have one line: line ends may be written as \n. What does not parse here would end the cold start later. */
export function pem(label: string, parse: (text: string) => unknown) {
  return z
    .string()
    .transform((text) => text.replaceAll('\\n', '\n'))
    .pipe(z.string().includes(`-----BEGIN ${label}-----`).includes(`-----END ${label}-----`))
    .refine((text) => {
      try {
        parse(text);
        return true;
      } catch {
        return false;
      }
    });
}

export function isSet(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '';
}
