import { generateKeyPairSync, sign } from 'node:crypto';

interface CertificateOptions {
  readonly subject?: string;
  readonly from?: Date;
  readonly until?: Date;
  readonly modulusLength?: number;
}

/** A new self-signed certificate and its private key in PEM, so that the repository contains no key. */
export function createCertificate({
  subject = 'entra-bff test',
  from = new Date('2025-01-01T00:00:00Z'),
  until = new Date('2049-01-01T00:00:00Z'),
  modulusLength = 2048,
}: CertificateOptions = {}): { certificatePem: string; privateKeyPem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
  const sha256WithRsa = sequence(der(0x06, Buffer.from('2a864886f70d01010b', 'hex')), der(0x05));
  const commonName = sequence(der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(subject)));
  const name = sequence(der(0x31, commonName));
  const content = sequence(
    der(0x02, Buffer.of(1)), // serial number
    sha256WithRsa,
    name, // issuer
    sequence(utcTime(from), utcTime(until)),
    name, // subject
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', content, privateKey));
  const base64 = sequence(content, sha256WithRsa, signature).toString('base64');
  const lines = base64.match(/.{1,64}/g)?.join('\n');
  return {
    certificatePem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    privateKeyPem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

/** For example 250101000000Z. */
const utcTime = (date: Date) =>
  der(0x17, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));

const sequence = (...parts: Buffer[]) => der(0x30, ...parts);

/** Tag, length, content (X.690, 8.1). */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length =
    content.length < 0x80
      ? Buffer.of(content.length)
      : Buffer.of(0x82, content.length >> 8, content.length & 0xff);
  return Buffer.concat([Buffer.of(tag), length, content]);
}
