import { type CodeBlock, codeBlocksOf, readText } from './documents.ts';

/** The document whose blocks of rules, calls and responses `test/examples/policy-tasks.test.ts` runs. */
export const policyGuide = 'docs/policy.md';

/** A block of a task, by what it is for. */
export type TaskBlock =
  /** Features or a rule to add to the policy. */
  | { readonly kind: 'rules'; readonly value: object }
  /** Code of a page. `response` is what the service responds, if the document shows it. */
  | { readonly kind: 'call'; readonly code: string; readonly response: object | undefined }
  /** A command of `npm run policy` and what it prints. */
  | { readonly kind: 'command'; readonly args: readonly string[]; readonly output: string };

export interface Task {
  readonly title: string;
  readonly blocks: readonly TaskBlock[];
}

export interface PolicyFile {
  readonly features: Readonly<Record<string, { readonly rules: readonly object[] }>>;
}

/** The tasks under the headings `## 1. Title`, in order. */
export function readTasks(): readonly Task[] {
  const lines = readText(policyGuide).split('\n');
  const headings = lines.flatMap((text, at) => (text.startsWith('## ') ? [{ text, line: at + 1 }] : []));
  return headings.flatMap(({ text, line }, at) => {
    const end = headings[at + 1]?.line ?? lines.length;
    const [, title] = /^## (\d+\. .+)$/.exec(text) ?? [];
    const blocks = codeBlocksOf(policyGuide).filter((block) => block.line > line && block.line < end);
    return title === undefined ? [] : [{ title, blocks: blocks.flatMap(toTaskBlock) }];
  });
}

/** The policy file that these tasks lead to. */
export function policyOfTasks(tasks: readonly Task[]): PolicyFile {
  return tasks
    .flatMap(({ blocks }) => blocks)
    .reduce<PolicyFile>((file, block) => (block.kind === 'rules' ? withRules(file, block.value) : file), {
      features: {},
    });
}

/** `my-policy.json` as a reader has it before the last task, which adds a rule by a command. */
export const myPolicyText = (): string =>
  JSON.stringify(policyOfTasks(readTasks().slice(0, -1)), undefined, 2);

function toTaskBlock(block: CodeBlock, at: number, all: readonly CodeBlock[]): readonly TaskBlock[] {
  switch (block.language) {
    case 'json':
      // The response to a call stands below the call.
      return all[at - 1]?.language === 'js' ? [] : [{ kind: 'rules', value: JSON.parse(block.text) }];
    case 'js': {
      const next = all[at + 1];
      const response = next?.language === 'json' ? JSON.parse(next.text) : undefined;
      return [{ kind: 'call', code: block.text, response }];
    }
    case 'text': {
      const [command = '', ...output] = block.text.trimEnd().split('\n');
      return [{ kind: 'command', args: argumentsOf(command), output: output.join('\n') }];
    }
    // test/docs/code-blocks.test.ts
    case 'sh':
      return [];
    default:
      throw new Error(`line ${block.line}: nothing runs a block of "${block.language}"`);
  }
}

/** The words behind `npm run policy --`. */
export function argumentsOf(command: string): readonly string[] {
  const [, words = ''] = /npm run policy -- (.*)$/.exec(command) ?? [];
  return [...words.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

/** A whole file, features to add, or a rule to add to the feature before. */
function withRules(file: PolicyFile, added: object): PolicyFile {
  if ('features' in added) return added as PolicyFile;
  if (!('methods' in added)) return { ...file, features: { ...file.features, ...added } };
  const [name = '', feature] = Object.entries(file.features).at(-1) ?? [];
  if (feature === undefined) throw new Error('a rule without a feature');
  return {
    ...file,
    features: { ...file.features, [name]: { ...feature, rules: [...feature.rules, added] } },
  };
}
