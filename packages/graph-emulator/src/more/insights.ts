import { listReply } from '../answer.ts';
import type { GraphCall } from '../call.ts';
import type { DriveNode } from '../drive/drive.ts';
import { mimeTypeOf } from '../drive/file-names.ts';
import { driveOf, toItem } from '../drive/items.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { listOptions } from '../odata/options.ts';
import type { GraphObject } from '../reply.ts';
import type { Route } from '../route.ts';

const visualization = {
  containerDisplayName: '',
  containerType: '',
  containerWebUrl: '',
  mediaType: '',
  previewImageUrl: '',
  previewText: '',
  title: '',
  type: '',
};

const insightType: EntityType = {
  name: 'usedInsight',
  properties: {
    id: '',
    lastUsed: { lastAccessedDateTime: '2026-01-01T00:00:00Z', lastModifiedDateTime: '2026-01-01T00:00:00Z' },
    resourceReference: { id: '', type: '', webUrl: '' },
    resourceVisualization: visualization,
    weight: 0,
  },
  always: [],
  paging: { defaultSize: 100, maxSize: 999, by: '$skiptoken' },
};

const scopes = ['Sites.Read.All', 'Sites.ReadWrite.All'];

/** Files that are relevant to the user: only the user's own, because no file is shared in the emulator. */
export const insightRoutes: readonly Route[] = ['used', 'trending', 'shared'].map((kind) => ({
  method: 'GET',
  path: `/me/insights/${kind}`,
  scopes,
  options: listOptions,
  handle: (call: GraphCall) =>
    listReply(call, {
      set: `users('${call.caller.userId}')/insights/${kind}`,
      type: insightType,
      items: kind === 'shared' ? [] : filesOf(call).map((node) => toInsight(call, node, kind)),
    }),
}));

function filesOf(call: GraphCall): DriveNode[] {
  return driveOf(call)
    .all()
    .filter(({ content }) => content !== undefined);
}

function toInsight(call: GraphCall, node: DriveNode, kind: string): GraphObject {
  const { webUrl, lastModifiedDateTime } = toItem(call, node);
  const { id, name } = node;
  return {
    id: `insight-${id}`,
    ...(kind === 'used'
      ? { lastUsed: { lastAccessedDateTime: lastModifiedDateTime, lastModifiedDateTime } }
      : { weight: 1 }),
    resourceReference: {
      id: `drives/${driveOf(call).id}/items/${id}`,
      type: 'microsoft.graph.driveItem',
      webUrl,
    },
    resourceVisualization: {
      containerDisplayName: 'OneDrive',
      containerType: 'OneDriveBusiness',
      containerWebUrl: webUrl,
      mediaType: mimeTypeOf(name),
      previewImageUrl: '',
      previewText: '',
      title: name.replace(/\.[^.]+$/, ''),
      type: 'Text',
    },
  };
}
