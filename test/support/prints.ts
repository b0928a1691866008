import { inspect } from 'node:util';
import { serialize } from 'node:v8';

/** Ways in which a handler can print or inspect a value, by name. */
const ways: Readonly<Record<string, (value: object) => string>> = {
  'JSON.stringify': (value) => JSON.stringify(value),
  structuredClone: (value) => inspectFully(structuredClone(value)),
  'v8.serialize': (value) => serialize(value).toString('latin1'),
  'util.inspect': inspectFully,
  'Reflect.ownKeys': (value) => describe(Reflect.ownKeys(value), value),
  'Object.getOwnPropertyNames': (value) => describe(Object.getOwnPropertyNames(value), value),
  'Object.getOwnPropertySymbols': (value) => describe(Object.getOwnPropertySymbols(value), value),
  'Object.getOwnPropertyDescriptors': (value) => inspectFully(Object.getOwnPropertyDescriptors(value)),
  'prototype chain': (value) =>
    chainOf(value)
      .map((link) => describe(Reflect.ownKeys(link), value))
      .join('\n'),
  'for in': (value) => {
    const keys: string[] = [];
    for (const key in value) keys.push(key);
    return describe(keys, value);
  },
  spread: (value) => JSON.stringify({ ...value }),
  'Object.entries': (value) => JSON.stringify(Object.entries(value)),
  string: (value) => `${String(value)} ${Object.prototype.toString.call(value)}`,
  'everything reachable': (value) => reachableTexts(value).join('\n'),
};

/** The output of each way for a value, or the message of the error that it throws. */
export function printInEveryWay(value: object): Record<string, string> {
  const printed = Object.entries(ways).map(([name, print]) => {
    try {
      return [name, print(value)];
    } catch (error) {
      return [name, String(error)];
    }
  });
  return Object.fromEntries(printed);
}

/** The spellings in which a secret could appear in the output. */
export function spellingsOf(secret: string | Uint8Array): readonly string[] {
  const bytes = Buffer.from(secret);
  return [
    bytes.toString('latin1'),
    bytes.toString('hex'),
    // As `util.inspect` shows bytes.
    [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    [...bytes].join(','),
  ];
}

function inspectFully(value: unknown): string {
  return inspect(value, {
    showHidden: true,
    depth: null,
    getters: true,
    showProxy: true,
    maxArrayLength: null,
    maxStringLength: null,
  });
}

const describe = (keys: readonly PropertyKey[], value: object): string =>
  keys.map((key) => `${String(key)}: ${inspectFully(Reflect.get(value, key))}`).join('\n');

function chainOf(value: object): object[] {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null ? [value] : [value, ...chainOf(prototype)];
}

/** Every text and every sequence of bytes that can be reached by keys, symbols, getters, prototypes and iteration. */
function reachableTexts(root: object): string[] {
  const seen = new Set<unknown>();
  const texts: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value))
      return;
    seen.add(value);
    if (value instanceof Uint8Array) {
      texts.push(Buffer.from(value).toString('latin1'));
      return;
    }
    if (value instanceof Map || value instanceof Set) for (const entry of value) visit(entry);
    for (const link of chainOf(value)) {
      for (const key of Reflect.ownKeys(link)) {
        if (key === 'constructor' || key === '__proto__') continue;
        try {
          visit(Reflect.get(value, key));
        } catch {
          // A getter that needs another receiver shows nothing.
        }
      }
    }
  };
  visit(root);
  return texts;
}
