import { type ArrowFunctionExpression, type Function as FunctionNode, Visitor } from 'oxc-parser';
import { readSourceFiles, type SourceFile } from './source-files.ts';

/** More lines than fit one screen, with comments and closures included. */
const MAX_LINES = 80;

type AnyFunction = FunctionNode | ArrowFunctionExpression;

function longFunctions({ path, text, parsed }: SourceFile): readonly string[] {
  const found: string[] = [];
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const check = (node: AnyFunction) => {
    const line = lineAt(node.start);
    const lines = lineAt(node.end) - line + 1;
    if (lines > MAX_LINES) found.push(`${path}:${line} a function of ${lines} lines, more than ${MAX_LINES}`);
  };
  const visitor = new Visitor({
    FunctionDeclaration: check,
    FunctionExpression: check,
    ArrowFunctionExpression: check,
  });
  visitor.visit(parsed.program);
  return found;
}

const files = readSourceFiles(['src', 'client']);
const found = files.flatMap(longFunctions);
for (const line of found) console.error(line);
console.log(`functions: ${files.length} files, ${found.length} functions are too long`);
if (found.length > 0) process.exit(1);
