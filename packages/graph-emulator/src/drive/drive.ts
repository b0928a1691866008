import { createHash } from 'node:crypto';
import type { TextFile } from '@entra-bff/directory';
import { GraphError } from '../reply.ts';
import type { SavedCollection, SavedItems } from '../saved-items.ts';
import { freeName, isSameName, requireFileName } from './file-names.ts';

/** A file, or a folder if it has no content. */
export interface DriveNode {
  readonly id: string;
  readonly name: string;
  /** Undefined for the root. */
  readonly parentId: string | undefined;
  readonly content: Buffer | undefined;
  readonly description: string | undefined;
  readonly createdAt: Date;
  readonly changedAt: Date;
  /** Counts the changes, from 1. */
  readonly revision: number;
}

/** What happens if a name is taken. */
export type ConflictBehavior = 'fail' | 'replace' | 'rename';

export interface NewNode {
  readonly parentId: string;
  readonly name: string;
  /** Undefined creates a folder. */
  readonly content: Buffer | undefined;
  readonly onConflict: ConflictBehavior;
  readonly now: Date;
}

export type NodeChanges = Partial<Pick<DriveNode, 'name' | 'parentId' | 'content' | 'description'>>;

/** The drive of one user. */
export interface Drive {
  readonly id: string;
  readonly root: DriveNode;
  /** Parents come before their children. */
  all(): readonly DriveNode[];
  find(id: string): DriveNode | undefined;
  childrenOf(id: string): readonly DriveNode[];
  /** Follows a path of names. */
  resolve(from: DriveNode, path: string): DriveNode | undefined;
  /** Returns the names from the root to a node. */
  pathOf(node: DriveNode): readonly string[];
  /** Creates a node, or replaces the content of the one with its name. @throws {GraphError} */
  put(node: NewNode): { readonly node: DriveNode; readonly isNew: boolean };
  /** Creates the missing folders of a path. */
  folderAt(from: DriveNode, path: readonly string[], now: Date): DriveNode;
  /** @throws {GraphError} if the name is taken */
  change(id: string, changes: NodeChanges, now: Date): DriveNode;
  /** Removes a node and all below it. */
  remove(id: string): void;
  readonly changes: SavedCollection;
}

const givenAt = new Date('2026-03-02T09:30:00Z');

export function createDrive(userId: string, files: readonly TextFile[], saved: SavedItems): Drive {
  return new DriveTree(userId, files, saved);
}

class DriveTree implements Drive {
  readonly id: string;
  readonly root: DriveNode;
  readonly changes: SavedCollection;
  readonly #userId: string;
  readonly #saved: SavedItems;
  readonly #nodes = new Map<string, DriveNode>();

  constructor(userId: string, files: readonly TextFile[], saved: SavedItems) {
    this.#userId = userId;
    this.#saved = saved;
    this.id = `b!${this.#hash('drive').toString('base64url').slice(0, 42)}`;
    this.changes = saved.of(`${userId} drive`);
    this.root = given(this.#toId('root'), 'root', undefined);
    this.#nodes.set(this.root.id, this.root);
    for (const { path, text } of files) this.#addGiven(path, text);
  }

  all(): readonly DriveNode[] {
    return [...this.#nodes.values()].sort(
      (left, right) => this.pathOf(left).length - this.pathOf(right).length,
    );
  }

  find(id: string): DriveNode | undefined {
    return this.#nodes.get(id);
  }

  childrenOf(id: string): readonly DriveNode[] {
    return [...this.#nodes.values()].filter(({ parentId }) => parentId === id);
  }

  resolve(from: DriveNode, path: string): DriveNode | undefined {
    const names = path.split('/').filter(Boolean);
    return names.reduce<DriveNode | undefined>((at, name) => at && this.#named(at.id, name), from);
  }

  pathOf({ name, parentId }: DriveNode): readonly string[] {
    const parent = parentId === undefined ? undefined : this.find(parentId);
    return parent === undefined ? [] : [...this.pathOf(parent), name];
  }

  put({ parentId, name, content, onConflict, now }: NewNode): { node: DriveNode; isNew: boolean } {
    const before = this.#named(parentId, requireFileName(name));
    const isSameKind = before !== undefined && (before.content === undefined) === (content === undefined);
    if (isSameKind && onConflict === 'replace') {
      const node = content === undefined ? before : this.change(before.id, { content }, now);
      return { node, isNew: false };
    }
    const free = this.#requireFree(parentId, name, onConflict);
    const id = this.#toId(`${parentId} ${free} ${this.#saved.version()}`);
    const dates = { createdAt: now, changedAt: now };
    const node = { id, name: free, parentId, content, description: undefined, ...dates, revision: 1 };
    return { node: this.#save(node), isNew: true };
  }

  folderAt(from: DriveNode, path: readonly string[], now: Date): DriveNode {
    return path.reduce((at, name) => {
      const there = this.#named(at.id, name);
      if (there?.content !== undefined)
        throw new GraphError(409, 'nameAlreadyExists', `'${name}' is a file and no folder.`);
      return there ?? this.put({ parentId: at.id, name, content: undefined, onConflict: 'fail', now }).node;
    }, from);
  }

  change(id: string, { name, parentId, ...rest }: NodeChanges, now: Date): DriveNode {
    const before = this.find(id);
    if (before === undefined) throw itemNotFound();
    const next = { ...before, ...rest, name: name ?? before.name, parentId: parentId ?? before.parentId };
    const isMoved = next.parentId !== before.parentId || next.name !== before.name;
    if (isMoved && next.parentId !== undefined) {
      const there = this.#named(next.parentId, requireFileName(next.name));
      if (there !== undefined && there.id !== id) this.#requireFree(next.parentId, next.name, 'fail');
    }
    return this.#save({ ...next, changedAt: now, revision: before.revision + 1 });
  }

  remove(id: string): void {
    for (const child of this.childrenOf(id)) this.remove(child.id);
    this.#nodes.delete(id);
    this.changes.remove(id);
  }

  /** Adds a file that always existed, and the folders on its path. */
  #addGiven(path: string, text: string): void {
    const names = path.split('/');
    let parent = this.root;
    for (const [at, name] of names.entries()) {
      const isFile = at === names.length - 1;
      const id = this.#toId(names.slice(0, at + 1).join('/'));
      const node = this.#named(parent.id, name) ?? given(id, name, parent.id, isFile ? text : undefined);
      this.#nodes.set(node.id, node);
      parent = node;
    }
  }

  #save(node: DriveNode): DriveNode {
    if (this.#nodes.has(node.id)) this.changes.save({ id: node.id });
    else this.changes.create({ id: node.id });
    this.#nodes.set(node.id, node);
    return node;
  }

  #named(parentId: string, name: string): DriveNode | undefined {
    return this.childrenOf(parentId).find((one) => isSameName(one.name, name));
  }

  #requireFree(parentId: string, name: string, onConflict: ConflictBehavior): string {
    const isTaken = (one: string) => this.#named(parentId, one) !== undefined;
    if (!isTaken(name)) return name;
    if (onConflict === 'rename') return freeName(name, isTaken);
    throw new GraphError(
      409,
      'nameAlreadyExists',
      'An item with the same name already exists under the parent.',
    );
  }

  #toId(words: string): string {
    return `01${this.#hash(words).toString('hex').slice(0, 32).toUpperCase()}`;
  }

  #hash(words: string): Buffer {
    return createHash('sha256').update(`${this.#userId} ${words}`).digest();
  }
}

function given(id: string, name: string, parentId: string | undefined, text?: string): DriveNode {
  const content = text === undefined ? undefined : Buffer.from(text);
  return {
    id,
    name,
    parentId,
    content,
    description: undefined,
    createdAt: givenAt,
    changedAt: givenAt,
    revision: 1,
  };
}

export function itemNotFound(): GraphError {
  return new GraphError(404, 'itemNotFound', 'The resource could not be found.');
}
