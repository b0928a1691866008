import { createKeyRing } from '../src/shared/crypto/key-ring.ts';
import { deriveKey, encodeFields, open, seal, secureRandomBytes } from '../src/shared/crypto/seal.ts';
import { type SessionContent, toStoredFacts } from '../src/shared/session/facts.ts';
import { createSessionRowCodec } from '../src/shared/session/row.ts';
import { sessionContent } from '../test/support/session-content.ts';
import { type Codec, codecs } from './support/codecs.ts';
import { markdownTable } from './support/markdown-table.ts';
import { makeMsalCache } from './support/msal-cache.ts';
import { medianMicroseconds, type Timing } from './support/stopwatch.ts';

/**
 * `npm run measure:sealing [turns]`: the time to encrypt and decrypt a session's row, and its size, for each codec.
 * Compare only values of one run.
 */
const turns = Number(process.argv[2] ?? 100);

/** One way to store a session: the product's, or the same steps with another codec. */
interface Sealing {
  readonly name: string;
  readonly seal: () => unknown;
  readonly open: () => Pick<SessionContent, 'msalCache'>;
  readonly storedBytes: number;
}

const keyBytes = secureRandomBytes(32);
const address = {
  userHash: secureRandomBytes(32),
  rowId: secureRandomBytes(32),
  secret: secureRandomBytes(32),
  expiresAt: new Date(Date.now() + 12 * 60 * 60 * 1000),
};
const state = { lastUsedAt: new Date(), generation: 1 };
const additionalData = encodeFields(['session-row', 'sessions', 'partition', 'row', 1, 1]);
const deriveRowKey = () => deriveKey(keyBytes, 'session-row', address.secret);
const codec = createSessionRowCodec({
  registration: ['client', 'public'],
  tableName: 'sessions',
  keyRing: createKeyRing([{ id: 1, bytes: keyBytes }]),
  indexKey: secureRandomBytes(32),
  random: secureRandomBytes,
});

function productSealing(content: SessionContent): Sealing {
  const toRow = () => codec.toRow(address, content, state);
  const row = toRow();
  const parts = Object.values(row.columns).filter((value) => value instanceof Uint8Array);
  return {
    name: 'the product',
    seal: toRow,
    open() {
      const opening = codec.open(address, row);
      if (opening.kind !== 'opened') throw new Error(`the row is ${opening.kind}`);
      return opening.content;
    },
    storedBytes: parts.reduce((total, part) => total + part.length, 0),
  };
}

function otherSealing(name: string, { compress, decompress }: Codec, content: SessionContent): Sealing {
  const sealContent = () =>
    seal(deriveRowKey(), compress(toText(content)), additionalData, secureRandomBytes);
  const sealed = sealContent();
  return {
    name,
    seal: sealContent,
    open() {
      const packed = open(deriveRowKey(), sealed, additionalData);
      if (packed === undefined) throw new Error(`${name} cannot be decrypted`);
      return JSON.parse(decompress(packed).toString('utf8'));
    },
    storedBytes: sealed.length,
  };
}

async function compareCodecs(content: SessionContent): Promise<string> {
  const product = productSealing(content);
  const others = Object.entries(codecs).map(([name, other]) => otherSealing(name, other, content));
  const sealings = [product, ...others];
  for (const { name, open: openContent } of sealings) {
    if (openContent().msalCache !== content.msalCache)
      throw new Error(`${name} does not return the same content`);
  }
  const timesOf = (run: (sealing: Sealing) => () => unknown) =>
    medianMicroseconds(Object.fromEntries(sealings.map((sealing) => [sealing.name, run(sealing)])), turns);
  const sealing = await timesOf((sealing) => sealing.seal);
  const opening = await timesOf((sealing) => sealing.open);
  return markdownTable(
    ['codec', 'seal, µs', 'ratio', 'open, µs', 'ratio', 'stored, bytes', 'ratio'],
    sealings.map(({ name, storedBytes }) => [
      name,
      ...withRatio(sealing[name]?.wallUs, sealing[product.name]?.wallUs),
      ...withRatio(opening[name]?.wallUs, opening[product.name]?.wallUs),
      ...withRatio(storedBytes, product.storedBytes),
    ]),
  );
}

/** The product's steps one by one, and the encoding of the stored bytes by the table client. */
async function timeParts(content: SessionContent): Promise<Record<string, Timing>> {
  const { compress, decompress } = codecs['zstd 1'];
  const text = toText(content);
  const packed = compress(text);
  const key = deriveRowKey();
  const sealed = seal(key, packed, additionalData, secureRandomBytes);
  const toWire = () => JSON.stringify({ part0: sealed.toString('base64') });
  const wire = toWire();
  return medianMicroseconds(
    {
      'HKDF-SHA-256': deriveRowKey,
      'JSON, writing': () => toText(content),
      'zstd 1, compressing': () => compress(text),
      'AES-256-GCM, sealing': () => seal(key, packed, additionalData, secureRandomBytes),
      'base64 in JSON, writing': toWire,
      'base64 in JSON, reading': () => Buffer.from(JSON.parse(wire).part0, 'base64'),
      'AES-256-GCM, opening': () => open(key, sealed, additionalData),
      'zstd 1, decompressing': () => decompress(packed).toString('utf8'),
      'JSON, reading': () => JSON.parse(text),
    },
    turns,
  );
}

/** The text that the product compresses. */
function toText({ facts, ...rest }: SessionContent): string {
  return JSON.stringify({ facts: toStoredFacts(facts), ...rest });
}

function withRatio(value = Number.NaN, of = Number.NaN): [string, string] {
  return [rounded(value), (value / of).toFixed(2)];
}

function rounded(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

const parts: Record<string, Timing>[] = [];
const sizes: string[] = [];
for (const accessTokens of [1, 4, 19]) {
  const msalCache = await makeMsalCache(accessTokens);
  const content = sessionContent({ msalCache });
  const size = `${(msalCache.length / 1024).toFixed(1)} KiB`;
  sizes.push(size);
  console.log(`\nMSAL cache of ${size} (access tokens: ${accessTokens})\n`);
  console.log(await compareCodecs(content));
  parts.push(await timeParts(content));
}
console.log('\nThe steps, µs, by size of the MSAL cache\n');
console.log(
  markdownTable(
    ['step', ...sizes],
    Object.keys(parts[0] ?? {}).map((step) => [
      step,
      ...parts.map((part) => rounded(part[step]?.wallUs ?? Number.NaN)),
    ]),
  ),
);
