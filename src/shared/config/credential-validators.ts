import { createPrivateKey, X509Certificate } from 'node:crypto';
import { guidPatternAnyCase } from '../guid.ts';
import { isQuoted } from './setting.ts';
import type { Validator } from './validators.ts';

const MIN_SECRET_LENGTH = 16;
/** Text with fewer distinct characters is a filler like "xxxxxxxxxxxxxxxx". */
const MIN_DISTINCT_CHARACTERS = 6;

/** The value of a client secret. Entra ID generates it, from printable ASCII characters. */
export function clientSecret(expected: string): Validator<string> {
  const isSecret = (text: string) =>
    /^[\x21-\x7e]+$/.test(text) &&
    text.length >= MIN_SECRET_LENGTH &&
    new Set(text).size >= MIN_DISTINCT_CHARACTERS &&
    !isQuoted(text) &&
    !guidPatternAnyCase.test(text);
  return {
    type: `text, at least ${MIN_SECRET_LENGTH} characters`,
    expected,
    parse: (text) => (isSecret(text) ? text : undefined),
    diagnose(text) {
      if (guidPatternAnyCase.test(text)) {
        return 'is a GUID, so it is the id of the secret; set it to the value of the secret, which Entra ID shows only once, when the secret is created';
      }
      return /[^\x21-\x7e]/.test(text)
        ? 'has a character that no client secret has, such as a space or a line end; set it to the value of the secret alone'
        : undefined;
    },
  };
}

export function certificate(expected: string): Validator<string> {
  return {
    type: 'PEM',
    expected,
    parse: (text) => toPem(text, 'CERTIFICATE', (pem) => new X509Certificate(pem)),
  };
}

/** Entra ID accepts RSA keys only, and none that are shorter. */
const MIN_KEY_BITS = 2048;

export function rsaPrivateKey(expected: string): Validator<string> {
  return {
    type: 'PEM (PKCS #8)',
    expected,
    parse: (text) =>
      toPem(text, 'PRIVATE KEY', (pem) => {
        const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
        if (asymmetricKeyType !== 'rsa') throw new TypeError('not an RSA key');
        if ((asymmetricKeyDetails?.modulusLength ?? 0) < MIN_KEY_BITS) throw new TypeError('a short key');
      }),
    diagnose(text) {
      if (text.includes('-----BEGIN RSA PRIVATE KEY-----')) {
        return 'is a PKCS #1 key; set it to the output of: openssl pkcs8 -topk8 -nocrypt -in KEY.pem';
      }
      return text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')
        ? 'has a password; set it to the output of: openssl pkcs8 -topk8 -nocrypt -in KEY.pem'
        : undefined;
    },
  };
}

/**
 * Parses PEM. A setting has one line, so line ends may be written as `\n`.
 * @param parse throws if the content of the PEM is invalid
 */
function toPem(text: string, label: string, parse: (pem: string) => unknown): string | undefined {
  const pem = text.replaceAll('\\n', '\n');
  if (!pem.includes(`-----BEGIN ${label}-----`) || !pem.includes(`-----END ${label}-----`)) return undefined;
  try {
    parse(pem);
    return pem;
  } catch {
    return undefined;
  }
}
