import type { GraphCall } from '../call.ts';
import { type DriveNode, itemNotFound } from './drive.ts';
import { driveOf, requireNode } from './items.ts';

/** The paths that name an item: by its id, or by its path below the root or another item. */
export interface Address {
  readonly path: string;
  readonly hasDrive: boolean;
  readonly hasId: boolean;
  readonly hasFilePath: boolean;
}

/** An item that a call names. */
export interface Addressed {
  /** Undefined if there is no item at the path. */
  readonly node: DriveNode | undefined;
  /** Where the item is or would be. */
  readonly from: DriveNode;
  readonly names: readonly string[];
  /** The keys after the address. */
  readonly rest: readonly string[];
}

export const addresses: readonly Address[] = ['/me/drive', '/drives/{drive}'].flatMap((drive) => {
  const hasDrive = drive.endsWith('}');
  return [
    { path: `${drive}/root`, hasDrive, hasId: false, hasFilePath: false },
    { path: `${drive}/items/{item}`, hasDrive, hasId: true, hasFilePath: false },
    { path: `${drive}/root:/{path}:`, hasDrive, hasId: false, hasFilePath: true },
    { path: `${drive}/items/{item}:/{path}:`, hasDrive, hasId: true, hasFilePath: true },
  ];
});

/** Finds what the keys of a path name. @throws {GraphError} if the drive or the item with the id does not exist */
export function resolveAddress(call: GraphCall, address: Address, keys: readonly string[]): Addressed {
  const [...left] = keys;
  if (address.hasDrive) requireDrive(call, left.shift() ?? '');
  const from = address.hasId ? requireNode(call, left.shift() ?? '') : driveOf(call).root;
  const path = address.hasFilePath ? (left.shift() ?? '') : '';
  return {
    node: driveOf(call).resolve(from, path),
    from,
    names: path.split('/').filter(Boolean),
    rest: left,
  };
}

/** @throws {GraphError} if it is not the drive of the caller */
export function requireDrive(call: GraphCall, id: string): void {
  if (id !== driveOf(call).id) throw itemNotFound();
}

export function requireAddressed({ node }: Addressed): DriveNode {
  if (node === undefined) throw itemNotFound();
  return node;
}
