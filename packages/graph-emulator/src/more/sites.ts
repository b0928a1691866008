import type { Group } from '@entra-bff/directory';
import { entityReply, listReply } from '../answer.ts';
import type { GraphCall } from '../call.ts';
import { requireGroup } from '../directory/group-routes.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import { hasWords } from '../odata/words.ts';
import { GraphError, type GraphObject } from '../reply.ts';
import type { Route } from '../route.ts';
import { teamsIn } from './teams.ts';

const instant = '2026-01-01T00:00:00Z';
const hostname = 'contoso.sharepoint.example';
const scopes = ['Sites.Read.All', 'Sites.ReadWrite.All'];

const siteType: EntityType = {
  name: 'site',
  properties: {
    id: '',
    createdDateTime: instant,
    description: '',
    displayName: '',
    isPersonalSite: true,
    lastModifiedDateTime: instant,
    name: '',
    root: null,
    sharepointIds: null,
    siteCollection: { hostname: '' },
    webUrl: '',
  },
  always: [],
  paging: { defaultSize: 200, maxSize: 999, by: '$skiptoken' },
};

/** The root site, and a site for each team. Their lists and pages are not emulated. */
export const siteRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/sites',
    scopes,
    options: [...listOptions, 'search'],
    handle(call) {
      const words = call.options.get('search');
      if (words === undefined)
        throw new GraphError(501, 'NotImplemented', "The emulator lists sites with '?search=' only.");
      const items = sitesIn(call).filter(
        ({ displayName }) => words === '*' || hasWords(String(displayName), words),
      );
      return listReply(call, { set: 'sites', type: siteType, items });
    },
  },
  {
    method: 'GET',
    path: '/sites/{site}',
    scopes,
    options: entityOptions,
    handle(call, key = '') {
      const site = sitesIn(call).find(
        ({ id, root }) => id === key || (key.toLowerCase() === 'root' && root !== undefined),
      );
      if (site === undefined) throw new GraphError(404, 'itemNotFound', 'Requested site could not be found');
      return entityReply(call, 'sites', siteType, site);
    },
  },
  {
    method: 'GET',
    path: '/groups/{group}/sites/root',
    scopes,
    options: entityOptions,
    handle: (call, key = '') => entityReply(call, 'sites', siteType, toSite(requireGroup(call, key))),
  },
  {
    method: 'GET',
    path: '/me/followedSites',
    scopes,
    options: listOptions,
    handle: (call) => listReply(call, { set: 'sites', type: siteType, items: [] }),
  },
];

function sitesIn(call: GraphCall): GraphObject[] {
  const root = { ...siteOf('Communication site', '', call.caller.tenantId), root: {} };
  return [root, ...teamsIn(call).map(toSite)];
}

function toSite({ id, name }: Group): GraphObject {
  return siteOf(name, `/sites/${name.replaceAll(/\W/g, '')}`, id);
}

function siteOf(displayName: string, path: string, id: string): GraphObject {
  return {
    id: `${hostname},${id},${id}`,
    createdDateTime: '2026-01-05T08:00:00Z',
    description: '',
    displayName,
    isPersonalSite: false,
    lastModifiedDateTime: '2026-03-02T09:30:00Z',
    name: path.split('/').at(-1),
    siteCollection: { hostname },
    webUrl: `https://${hostname}${path}`,
  };
}
