import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export const readText = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
export const exists = (path: string): boolean => existsSync(`${root}${path}`);

/** A fenced block. `example` is the content of the comment above it: `<!-- examples/own-api/orders.json -->`. */
export interface CodeBlock {
  readonly document: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
  readonly example: string | undefined;
}

const fencedBlock =
  /(?:^ *<!-- (?<example>examples\/\S+) -->\n\n)?^(?<indent> *)```(?<language>[^\n`]*)\n(?<text>.*?)^\k<indent>```$/gms;

export function codeBlocksOf(document: string): readonly CodeBlock[] {
  const page = readText(document);
  return [...page.matchAll(fencedBlock)].map(({ index, groups = {} }) => {
    const { example, indent = '', language = '', text = '' } = groups;
    const line = page.slice(0, index).split('\n').length + (example === undefined ? 0 : 2);
    return { document, line, language, text: withoutIndent(text, indent.length), example };
  });
}

/** The block of a document that contains this text. @throws if not exactly one does */
export function codeBlockWith(document: string, text: string): CodeBlock {
  const [block, ...others] = codeBlocksOf(document).filter((candidate) => candidate.text.includes(text));
  if (block === undefined || others.length > 0) throw new Error(`not one block of ${document} has ${text}`);
  return block;
}

/** Text in backquotes in the sentences of a document. */
export function inlineCodeOf(document: string): readonly string[] {
  const sentences = readText(document).replace(fencedBlock, '');
  return [...sentences.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replace(/\s+/g, ' '));
}

const withoutIndent = (text: string, width: number) => text.replace(new RegExp(`^ {${width}}`, 'gm'), '');

/** The settings of a block of lines `NAME=value`. */
export function settingsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [, name = '', value = ''] = /^([A-Za-z_]+)=(.+)$/.exec(line) ?? [];
        if (name === '') throw new Error(`not a setting: ${line}`);
        return [name, value];
      }),
  );
}
