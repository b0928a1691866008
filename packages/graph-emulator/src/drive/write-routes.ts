import { isObject, parseEntity } from '../body.ts';
import type { GraphCall } from '../call.ts';
import { parsePath } from '../path.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { type Address, type Addressed, addresses, requireAddressed, resolveAddress } from './address.ts';
import { readConflictBehavior } from './conflict.ts';
import { type DriveNode, itemNotFound } from './drive.ts';
import { itemCreated, itemReply } from './item-replies.ts';
import { itemType } from './item-type.ts';
import { driveOf, requireMatch, requireNode } from './items.ts';

const writes = ['Files.ReadWrite', 'Files.ReadWrite.All'];
const bodyType = itemType({ childrenOf: () => [], thumbnailsOf: () => [] });

/** New folders, and changes, copies and deletions of items. */
export const itemWriteRoutes: readonly Route[] = addresses.flatMap(routesOfItem);

function routesOfItem(address: Address): Route[] {
  const write = (
    method: string,
    suffix: string,
    reply: (call: GraphCall, found: Addressed) => GraphReply,
  ): Route => ({
    method,
    path: `${address.path}${suffix}`,
    scopes: writes,
    handle: (call, ...keys) => reply(call, resolveAddress(call, address, keys)),
  });
  return [
    write('POST', '/children', createChild),
    write('PATCH', '', (call, found) => changeItem(call, requireAddressed(found))),
    write('DELETE', '', (call, found) => removeItem(call, requireAddressed(found))),
    write('POST', '/copy', (call, found) => copyItem(call, requireAddressed(found))),
  ];
}

function createChild(call: GraphCall, found: Addressed): GraphReply {
  const parent = requireAddressed(found);
  if (parent.content !== undefined) throw new GraphError(400, 'invalidRequest', 'The parent is a file.');
  const { name, folder, file } = parseEntity(bodyType, call.body);
  if (typeof name !== 'string' || (!isObject(folder) && !isObject(file)))
    throw new GraphError(400, 'invalidRequest', "A new item needs a 'name' and 'folder' or 'file'.");
  const { node, isNew } = driveOf(call).put({
    parentId: parent.id,
    name,
    content: isObject(folder) ? undefined : Buffer.alloc(0),
    onConflict: readConflictBehavior(call, undefined, 'fail'),
    now: call.now,
  });
  return itemCreated(call, node, isNew);
}

function changeItem(call: GraphCall, node: DriveNode): GraphReply {
  requireMatch(call, node);
  requireNotRoot(node);
  const { name, parentReference, description } = parseEntity(bodyType, call.body);
  const parent = isObject(parentReference) ? requireFolder(call, parentReference) : undefined;
  const changes = {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof description === 'string' ? { description } : {}),
    ...(parent === undefined ? {} : { parentId: parent.id }),
  };
  return itemReply(call, driveOf(call).change(node.id, changes, call.now));
}

function removeItem(call: GraphCall, node: DriveNode): GraphReply {
  requireMatch(call, node);
  requireNotRoot(node);
  driveOf(call).remove(node.id);
  return { status: 204 };
}

/** Graph copies in the background, and the response tells where to ask. Here, the copy is there at once. */
function copyItem(call: GraphCall, node: DriveNode): GraphReply {
  const { name = node.name, parentReference } = parseEntity(bodyType, call.body);
  const parentId = isObject(parentReference) ? requireFolder(call, parentReference).id : node.parentId;
  if (node.content === undefined || parentId === undefined)
    throw new GraphError(501, 'NotImplemented', 'The emulator does not emulate copies of folders.');
  const { content } = node;
  const onConflict = readConflictBehavior(call, undefined, 'fail');
  const copy = driveOf(call).put({ parentId, name: String(name), content, onConflict, now: call.now }).node;
  return { status: 202, headers: { Location: call.drives.host.monitorUrl(copy.id) } };
}

/** Finds the folder that `parentReference` names by its id or path. */
function requireFolder(call: GraphCall, { id, path }: GraphObject): DriveNode {
  if (typeof id === 'string') return requireNode(call, id);
  const file = parsePath(String(path)).find(({ isFilePath }) => isFilePath)?.text ?? '';
  const folder = driveOf(call).resolve(driveOf(call).root, file);
  if (folder === undefined || typeof path !== 'string') throw itemNotFound();
  return folder;
}

function requireNotRoot({ parentId }: DriveNode): void {
  if (parentId === undefined) throw new GraphError(403, 'accessDenied', 'The root cannot be changed.');
}
