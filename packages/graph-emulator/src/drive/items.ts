import type { User } from '@entra-bff/directory';
import { type GraphCall, me } from '../call.ts';
import { drawPortrait } from '../directory/portrait.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { GraphError, type GraphObject } from '../reply.ts';
import { type Drive, type DriveNode, itemNotFound } from './drive.ts';
import { extensionOf, mimeTypeOf } from './file-names.ts';
import { itemType } from './item-type.ts';

const host = 'https://contoso-my.sharepoint.example/personal';
/** Files of which OneDrive draws a small picture. */
const pictured = ['docx', 'gif', 'jpeg', 'jpg', 'mp4', 'pdf', 'png', 'pptx', 'xlsx'];
const thumbnailSizes = { large: 800, medium: 176, small: 96 } as const;

export function driveOf(call: GraphCall): Drive {
  return call.drives.of(call.caller.userId);
}

/** Returns a file or folder as Graph shows it. */
export function toItem(call: GraphCall, node: DriveNode): GraphObject {
  const drive = driveOf(call);
  const owner = identityOf(me(call));
  const { id, name, content, createdAt, changedAt, revision } = node;
  const [createdDateTime, lastModifiedDateTime] = [toText(createdAt), toText(changedAt)];
  const url = content === undefined ? {} : { '@microsoft.graph.downloadUrl': downloadUrl(call, node) };
  return {
    ...url,
    createdBy: owner,
    createdDateTime,
    cTag: `"c:{${id}},${revision}"`,
    ...(node.description === undefined ? {} : { description: node.description }),
    eTag: eTagOf(node),
    fileSystemInfo: { createdDateTime, lastModifiedDateTime },
    id,
    lastModifiedBy: owner,
    lastModifiedDateTime,
    name,
    parentReference: parentReferenceOf(drive, node),
    size: sizeOf(drive, node),
    webUrl: `${host}/${me(call).id}/Documents/${drive.pathOf(node).map(encodeURIComponent).join('/')}`,
    ...(content === undefined
      ? { folder: { childCount: drive.childrenOf(id).length } }
      : { file: { mimeType: mimeTypeOf(name), hashes: { quickXorHash: '' } } }),
    ...(node.parentId === undefined ? { root: {} } : {}),
  };
}

function parentReferenceOf(drive: Drive, node: DriveNode): GraphObject {
  const reference = { driveType: 'business', driveId: drive.id };
  const parent = node.parentId === undefined ? undefined : drive.find(node.parentId);
  if (parent === undefined) return reference;
  const path = drive.pathOf(parent).map((name) => `/${encodeURIComponent(name)}`);
  return {
    ...reference,
    id: parent.id,
    name: parent.name,
    path: `/drives/${drive.id}/root:${path.join('')}`,
  };
}

function eTagOf({ id, revision }: DriveNode): string {
  return `"{${id}},${revision}"`;
}

export function downloadUrl({ drives }: GraphCall, { name, content }: DriveNode): string {
  return drives.host.downloadUrl({ name, content: content ?? Buffer.alloc(0) });
}

function sizeOf(drive: Drive, node: DriveNode): number {
  return (
    node.content?.length ?? drive.childrenOf(node.id).reduce((size, child) => size + sizeOf(drive, child), 0)
  );
}

const toText = (instant: Date): string => instant.toISOString().replace('.000Z', 'Z');

export function identityOf({ id, name, mail }: User): GraphObject {
  return { user: { id, displayName: name, email: mail } };
}

/** The type of items, whose relations are those of the caller's drive. */
export function typeOfItems(call: GraphCall): EntityType {
  const drive = driveOf(call);
  return itemType({
    childrenOf: ({ id }) => drive.childrenOf(String(id)).map((child) => toItem(call, child)),
    thumbnailsOf: ({ id }) => thumbnailsOf(call, drive.find(String(id))),
  });
}

/** Returns the small pictures of a file in several sizes, or none. All sizes are the same picture. */
export function thumbnailsOf({ drives }: GraphCall, node: DriveNode | undefined): GraphObject[] {
  if (node?.content === undefined || !pictured.includes(extensionOf(node.name))) return [];
  const picture = { name: 'thumbnail.png', content: drawPortrait(node.id), contentType: 'image/png' };
  const sizes = Object.entries(thumbnailSizes).map(([size, pixels]) => [
    size,
    { height: pixels, width: pixels, url: drives.host.downloadUrl(picture) },
  ]);
  return [{ id: '0', ...Object.fromEntries(sizes) }];
}

/** Refuses a write whose `If-Match` names an older version. @throws {GraphError} */
export function requireMatch({ headers }: GraphCall, node: DriveNode): void {
  const expected = headers.get('if-match');
  if (expected === undefined || expected === '*' || expected === eTagOf(node)) return;
  throw new GraphError(412, 'resourceModified', 'The eTag of the item does not match.');
}

/** @throws {GraphError} if it is a folder */
export function requireFile(node: DriveNode): Buffer {
  if (node.content === undefined)
    throw new GraphError(400, 'invalidRequest', 'The item is a folder and has no content.');
  return node.content;
}

/** Finds a node by an id, where `root` stands for that of the root. @throws {GraphError} */
export function requireNode(call: GraphCall, id: string): DriveNode {
  const drive = driveOf(call);
  const node = id.toLowerCase() === 'root' ? drive.root : drive.find(id);
  if (node === undefined) throw itemNotFound();
  return node;
}
