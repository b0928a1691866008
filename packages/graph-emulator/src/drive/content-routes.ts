import type { GraphCall } from '../call.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';
import { type Address, type Addressed, addresses, requireAddressed, resolveAddress } from './address.ts';
import { readConflictBehavior } from './conflict.ts';
import type { DriveNode, NewNode } from './drive.ts';
import { extensionOf } from './file-names.ts';
import { itemCreated } from './item-replies.ts';
import { downloadUrl, driveOf, requireFile, requireMatch, thumbnailsOf, toItem } from './items.ts';
import { toPdf } from './pdf.ts';

const reads = ['Files.Read', 'Files.ReadWrite', 'Files.Read.All', 'Files.ReadWrite.All'];
const writes = ['Files.ReadWrite', 'Files.ReadWrite.All'];
const uploadSessionMs = 60 * 60 * 1000;
/** Files that OneDrive converts to PDF. */
const convertible = 'csv doc docx odp ods odt pot potm potx pps ppsx ppt pptm pptx rtf xls xlsx'.split(' ');

/** The contents of files: downloads, uploads in one piece, and upload sessions. */
export const contentRoutes: readonly Route[] = addresses.flatMap(routesOfContent);

function routesOfContent(address: Address): Route[] {
  const { path } = address;
  const resolved =
    (reply: (call: GraphCall, found: Addressed) => GraphReply) =>
    (call: GraphCall, ...keys: string[]): GraphReply =>
      reply(call, resolveAddress(call, address, keys));
  return [
    {
      method: 'GET',
      path: `${path}/content`,
      scopes: reads,
      options: ['format'],
      handle: resolved((call, found) => contentReply(call, requireAddressed(found))),
    },
    {
      method: 'PUT',
      path: `${path}/content`,
      scopes: writes,
      options: ['@microsoft.graph.conflictBehavior', '@name.conflictBehavior'],
      handle: resolved(putContent),
    },
    {
      method: 'POST',
      path: `${path}/createUploadSession`,
      scopes: writes,
      handle: resolved(createUploadSession),
    },
    {
      method: 'GET',
      path: `${path}/thumbnails/{thumbnail}/{size}/content`,
      scopes: reads,
      handle: resolved((call, found) => thumbnailReply(call, requireAddressed(found), found.rest)),
    },
  ];
}

function contentReply(call: GraphCall, node: DriveNode): GraphReply {
  requireFile(node);
  const format = call.options.get('format')?.toLowerCase();
  if (format === undefined) return redirect(downloadUrl(call, node));
  if (format !== 'pdf' || !convertible.includes(extensionOf(node.name)))
    throw new GraphError(406, 'notSupported', `'${node.name}' cannot be converted to '${format}'.`);
  const name = node.name.replace(/\.[^.]+$/, '.pdf');
  return redirect(call.drives.host.downloadUrl({ name, content: toPdf(node.name) }));
}

function thumbnailReply(call: GraphCall, node: DriveNode, [id, size = '']: readonly string[]): GraphReply {
  const url: unknown = Reflect.get(Object(thumbnailsOf(call, node)[0]?.[size.toLowerCase()]), 'url');
  if (id !== '0' || typeof url !== 'string')
    throw new GraphError(404, 'itemNotFound', 'The thumbnail does not exist.');
  return redirect(url);
}

const redirect = (location: string): GraphReply => ({ status: 302, headers: { Location: location } });

function putContent(call: GraphCall, found: Addressed): GraphReply {
  const { node, isNew } = save(call, found, call.body, readConflictBehavior(call, {}));
  return itemCreated(call, node, isNew);
}

function createUploadSession(call: GraphCall, found: Addressed): GraphReply {
  const onConflict = readConflictBehavior(call);
  if (found.node !== undefined && onConflict === 'fail')
    throw new GraphError(
      409,
      'nameAlreadyExists',
      'An item with the same name already exists under the parent.',
    );
  const session = call.drives.host.createUploadSession({
    expiresAt: new Date(call.now.getTime() + uploadSessionMs),
    chunks: [],
    finish(content): { item: GraphObject; isNew: boolean } {
      const { node, isNew } = save(call, found, content, onConflict);
      return { item: toItem(call, node), isNew };
    },
  });
  return { status: 200, body: session };
}

/** Replaces the file that is addressed, or creates it and the folders on its way. */
function save(
  call: GraphCall,
  { node, from, names }: Addressed,
  content: Buffer,
  onConflict: NewNode['onConflict'],
): { node: DriveNode; isNew: boolean } {
  const drive = driveOf(call);
  const { now } = call;
  if (node !== undefined) {
    requireMatch(call, node);
    requireFile(node);
    if (names.length === 0) return { node: drive.change(node.id, { content }, now), isNew: false };
  }
  const name = names.at(-1) ?? '';
  const parent = drive.folderAt(from, names.slice(0, -1), now);
  return drive.put({ parentId: parent.id, name, content, onConflict, now });
}
