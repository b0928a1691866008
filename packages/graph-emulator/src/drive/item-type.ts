import type { CheckedQuery, EntityType } from '../odata/entity-type.ts';
import { GraphError, type GraphObject } from '../reply.ts';

const instant = '2026-01-01T00:00:00Z';
const identity = { user: { id: '', displayName: '', email: '' } };

const itemProperties = {
  id: '',
  '@microsoft.graph.downloadUrl': '',
  bundle: null,
  cTag: '',
  createdBy: identity,
  createdDateTime: instant,
  deleted: { state: '' },
  description: '',
  eTag: '',
  file: { mimeType: '', hashes: { quickXorHash: '', sha1Hash: '', sha256Hash: '' } },
  fileSystemInfo: { createdDateTime: instant, lastModifiedDateTime: instant },
  folder: { childCount: 0 },
  image: null,
  lastModifiedBy: identity,
  lastModifiedDateTime: instant,
  name: '',
  package: null,
  parentReference: { driveId: '', driveType: '', id: '', name: '', path: '', siteId: '' },
  photo: null,
  publication: null,
  remoteItem: null,
  root: null,
  searchResult: null,
  shared: null,
  sharepointIds: null,
  size: 0,
  specialFolder: null,
  video: null,
  webDavUrl: '',
  webUrl: '',
};

const paging = { defaultSize: 200, maxSize: 1000, by: '$skiptoken' } as const;

/** Reads what belongs to an item, for `$expand`. */
export interface ItemRelations {
  childrenOf(item: GraphObject): readonly GraphObject[];
  thumbnailsOf(item: GraphObject): readonly GraphObject[];
}

export function itemType(relations: ItemRelations): EntityType {
  const type: EntityType = {
    name: 'driveItem',
    properties: itemProperties,
    always: [],
    paging,
    check: requireNoSkip,
    navigations: {
      children: { type: () => type, read: relations.childrenOf },
      thumbnails: { type: () => thumbnailType, read: relations.thumbnailsOf },
    },
  };
  return type;
}

/** SharePoint pages by its own links only. */
function requireNoSkip({ options }: CheckedQuery): void {
  if (options.has('$skip'))
    throw new GraphError(
      400,
      'invalidRequest',
      '$skip is not supported on this API. Only URLs returned by the API can be used to page.',
    );
}

export const thumbnailType: EntityType = {
  name: 'thumbnailSet',
  properties: { id: '', large: null, medium: null, small: null, source: null },
  always: [],
  paging,
};

export const driveType: EntityType = {
  name: 'drive',
  properties: {
    id: '',
    createdBy: identity,
    createdDateTime: instant,
    description: '',
    driveType: '',
    lastModifiedBy: identity,
    lastModifiedDateTime: instant,
    name: '',
    owner: identity,
    quota: { total: 0, used: 0, remaining: 0, deleted: 0, state: '' },
    system: null,
    webUrl: '',
  },
  always: [],
  paging,
};
