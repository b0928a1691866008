import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Expression, type ParseResult, parseSync, type TSTypeName, Visitor } from 'oxc-parser';

/** One declaration of a file. */
export interface Declaration {
  /** As it is written, without comments, `export` and `declare`. */
  readonly text: string;
  /** As it is written, with its comments, without `export`. */
  readonly documentedText: string;
  /** Whether it exists at run time, as classes, functions and constants do. */
  readonly isValue: boolean;
  /** The names that it uses as types. */
  readonly mentions: readonly string[];
  /** Types that it imports in place: `import('zod').ZodError`. */
  readonly imports: readonly ImportedName[];
}

export interface ImportedName {
  /** The path of a declaration file, or the name of a package. */
  readonly from: string;
  readonly name: string;
}

export type ExportedName =
  | ({ readonly kind: 'import' } & ImportedName)
  | { readonly kind: 'local'; readonly name: string };

/** A declaration file. */
export interface Module {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** By local name. */
  readonly imports: ReadonlyMap<string, ImportedName>;
  /** By the name under which others import them. */
  readonly exports: ReadonlyMap<string, ExportedName>;
}

/** @throws {Error} if the file cannot be parsed, or exports in a way that is not supported here */
export function readModule(file: string): Module {
  const source = readFileSync(file, 'utf8');
  const parsed = parseSync(file, source);
  const [error] = parsed.errors;
  if (error !== undefined) throw new Error(`${file}: ${error.message}`);
  const resolve = (specifier: string) =>
    specifier.startsWith('.') ? join(dirname(file), specifier.replace(/\.ts$/, '.d.ts')) : specifier;
  return {
    declarations: declarationsIn(parsed, source, resolve),
    imports: importsIn(parsed, resolve),
    exports: exportsIn(parsed, file, resolve),
  };
}

type Resolve = (specifier: string) => string;

function importsIn({ module }: ParseResult, resolve: Resolve): ReadonlyMap<string, ImportedName> {
  return new Map(
    module.staticImports.flatMap(({ moduleRequest, entries }) =>
      entries.map(({ importName, localName }) => [
        localName.value,
        { from: resolve(moduleRequest.value), name: importName.name ?? importName.kind },
      ]),
    ),
  );
}

function exportsIn(
  { module }: ParseResult,
  file: string,
  resolve: Resolve,
): ReadonlyMap<string, ExportedName> {
  const entries = module.staticExports.flatMap((statement) => statement.entries);
  return new Map(
    entries.flatMap(({ exportName, localName, importName, moduleRequest }): [string, ExportedName][] => {
      // `export {}` only marks a file as a module.
      if (exportName.name === null) throw new Error(`${file} exports something without a name`);
      if (moduleRequest === null)
        return [[exportName.name, { kind: 'local', name: localName.name ?? exportName.name }]];
      if (importName.name === null) throw new Error(`${file} exports a whole module`);
      return [
        [exportName.name, { kind: 'import', from: resolve(moduleRequest.value), name: importName.name }],
      ];
    }),
  );
}

function declarationsIn(
  { program, comments }: ParseResult,
  source: string,
  resolve: Resolve,
): ReadonlyMap<string, Declaration> {
  const uses = usesIn(program, resolve);
  const found = new Map<string, Declaration>();
  for (const statement of program.body) {
    const declared =
      statement.type === 'ExportNamedDeclaration' && statement.declaration
        ? statement.declaration
        : statement;
    const names = namesDeclaredBy(declared);
    if (names.length === 0) continue;
    const isInside = ({ start }: { start: number }) => start >= declared.start && start < declared.end;
    const used = uses.filter(isInside);
    const text = textOf(source, declared, comments.filter(isInside));
    const documentedText = `${commentBefore(source, statement, comments)}${source.slice(declared.start, declared.end)}`;
    const isValue = !/^TS(?:Interface|TypeAlias)Declaration$/.test(declared.type);
    for (const name of names) {
      const before = found.get(name);
      found.set(name, {
        // Overloads are declared one by one.
        text: before === undefined ? text : `${before.text}\n${text}`,
        documentedText: before === undefined ? documentedText : `${before.documentedText}\n${documentedText}`,
        isValue,
        mentions: [
          ...(before?.mentions ?? []),
          ...used.flatMap((use) => (use.kind === 'name' ? [use.name] : [])),
        ],
        imports: [...(before?.imports ?? []), ...used.flatMap((use) => (use.kind === 'import' ? [use] : []))],
      });
    }
  }
  return found;
}

function namesDeclaredBy(statement: ParseResult['program']['body'][number]): readonly string[] {
  switch (statement.type) {
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSEnumDeclaration':
      return [statement.id.name];
    case 'ClassDeclaration':
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
      return statement.id === null ? [] : [statement.id.name];
    case 'VariableDeclaration':
      return statement.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
    default:
      return [];
  }
}

type Use = { readonly start: number } & (
  | { readonly kind: 'name'; readonly name: string }
  | ({ readonly kind: 'import' } & ImportedName)
);

/** Every place of a file that names a type, or a value whose type is used. */
function usesIn(program: ParseResult['program'], resolve: Resolve): readonly Use[] {
  const uses: Use[] = [];
  const add = (start: number, name: string | undefined) => {
    if (name !== undefined) uses.push({ kind: 'name', start, name });
  };
  new Visitor({
    TSTypeReference: ({ start, typeName }) => add(start, firstNameOf(typeName)),
    TSTypeQuery: ({ start, exprName }) =>
      add(start, exprName.type === 'TSImportType' ? undefined : firstNameOf(exprName)),
    TSInterfaceHeritage: ({ start, expression }) => add(start, firstNameOf(expression)),
    TSClassImplements: ({ start, expression }) => add(start, firstNameOf(expression)),
    ClassDeclaration: ({ superClass }) => superClass && add(superClass.start, firstNameOf(superClass)),
    TSImportType: ({ start, source, qualifier }) => {
      const name = qualifier?.type === 'Identifier' ? qualifier.name : 'the whole module';
      uses.push({ kind: 'import', start, from: resolve(source.value), name });
    },
  }).visit(program);
  return uses;
}

/** The first name of `A.B.C`. */
function firstNameOf(name: TSTypeName | Expression): string | undefined {
  if (name.type === 'Identifier') return name.name;
  if (name.type === 'TSQualifiedName') return firstNameOf(name.left);
  if (name.type === 'MemberExpression') return firstNameOf(name.object);
  return undefined;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The TSDoc of a declaration, with its line end. */
function commentBefore(source: string, { start }: Span, comments: readonly Span[]): string {
  const comment = comments.findLast(({ end }) => end <= start);
  if (comment === undefined || source.slice(comment.end, start).trim() !== '') return '';
  const text = source.slice(comment.start, comment.end);
  return text.startsWith('/**') ? `${text}\n` : '';
}

function textOf(source: string, { start, end }: Span, comments: readonly Span[]): string {
  let text = '';
  let at = start;
  for (const comment of comments) {
    text += source.slice(at, comment.start);
    at = comment.end;
  }
  return `${text}${source.slice(at, end)}`.replace(/^declare /, '').replace(/^\s*\n/gm, '');
}
