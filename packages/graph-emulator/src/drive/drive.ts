import { createHash } from 'node:crypto';
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
  change(
    id: string,
    changes: Partial<Pick<DriveNode, 'name' | 'parentId' | 'content' | 'description'>>,
    now: Date,
  ): DriveNode;
  /** Removes a node and all below it. */
  remove(id: string): void;
  readonly changes: SavedCollection;
}

const givenAt = new Date('2026-03-02T09:30:00Z');

export function createDrive(userId: string, saved: SavedItems): Drive {
  const hash = (words: string) => createHash('sha256').update(`${userId} ${words}`);
  const toId = (words: string) => `01${hash(words).digest('hex').slice(0, 32).toUpperCase()}`;
  const nodes = new Map<string, DriveNode>();
  const changes = saved.of(`${userId} drive`);
  const root = given(toId('root'), 'root', undefined);
  nodes.set(root.id, root);

  const save = (node: DriveNode): DriveNode => {
    if (nodes.has(node.id)) changes.save({ id: node.id });
    else changes.create({ id: node.id });
    nodes.set(node.id, node);
    return node;
  };
  const childrenOf = (id: string) => [...nodes.values()].filter(({ parentId }) => parentId === id);
  const named = (parentId: string, name: string) =>
    childrenOf(parentId).find((one) => isSameName(one.name, name));
  const requireFree = (parentId: string, name: string, onConflict: ConflictBehavior): string => {
    if (named(parentId, name) === undefined) return name;
    if (onConflict === 'rename') return freeName(name, (next) => named(parentId, next) !== undefined);
    throw new GraphError(
      409,
      'nameAlreadyExists',
      'An item with the same name already exists under the parent.',
    );
  };

  const drive: Drive = {
    id: `b!${hash('drive').digest('base64url').slice(0, 42)}`,
    root,
    all: () =>
      [...nodes.values()].sort((left, right) => drive.pathOf(left).length - drive.pathOf(right).length),
    find: (id) => nodes.get(id),
    childrenOf,
    resolve: (from, path) =>
      path
        .split('/')
        .filter(Boolean)
        .reduce<DriveNode | undefined>((at, name) => at && named(at.id, name), from),
    pathOf(node) {
      const parent = node.parentId === undefined ? undefined : nodes.get(node.parentId);
      return parent === undefined ? [] : [...drive.pathOf(parent), node.name];
    },
    put({ parentId, name, content, onConflict, now }) {
      const before = named(parentId, requireFileName(name));
      if (
        before !== undefined &&
        onConflict === 'replace' &&
        (before.content === undefined) === (content === undefined)
      )
        return {
          node: content === undefined ? before : drive.change(before.id, { content }, now),
          isNew: false,
        };
      const free = requireFree(parentId, name, onConflict);
      const id = toId(`${parentId} ${free} ${saved.version()}`);
      const node = {
        id,
        name: free,
        parentId,
        content,
        description: undefined,
        createdAt: now,
        changedAt: now,
        revision: 1,
      };
      return { node: save(node), isNew: true };
    },
    folderAt: (from, path, now) =>
      path.reduce((at, name) => {
        const there = named(at.id, name);
        if (there?.content !== undefined)
          throw new GraphError(409, 'nameAlreadyExists', `'${name}' is a file and no folder.`);
        return (
          there ?? drive.put({ parentId: at.id, name, content: undefined, onConflict: 'fail', now }).node
        );
      }, from),
    change(id, { name, parentId, ...rest }, now) {
      const before = nodes.get(id);
      if (before === undefined) throw itemNotFound();
      const next = { ...before, ...rest, name: name ?? before.name, parentId: parentId ?? before.parentId };
      const isMoved = next.parentId !== before.parentId || next.name !== before.name;
      if (isMoved && next.parentId !== undefined) {
        const there = named(next.parentId, requireFileName(next.name));
        if (there !== undefined && there.id !== id) requireFree(next.parentId, next.name, 'fail');
      }
      return save({ ...next, changedAt: now, revision: before.revision + 1 });
    },
    remove(id) {
      for (const child of childrenOf(id)) drive.remove(child.id);
      nodes.delete(id);
      changes.remove(id);
    },
    changes,
  };

  const travel = given(toId('Travel'), 'Travel', root.id);
  for (const node of [
    given(toId('Budget.csv'), 'Budget.csv', root.id, 'item,amount\nTravel,1200\nTools,300\n'),
    travel,
    given(toId('Notes for Oslo.txt'), 'Notes for Oslo.txt', travel.id, 'Train at 8.04. Bring the adapter.\n'),
  ])
    nodes.set(node.id, node);
  return drive;
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
