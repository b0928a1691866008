import { ResponseType } from '@microsoft/microsoft-graph-client';
import { type Bff, graphStatusOf, jsonResponse, signedIn } from 'entra-bff';

/** A feature of policy.json, and the permissions for all three calls. */
const need = { feature: 'manager', scopes: ['User.Read', 'User.Read.All'] };

/** `GET /api/team-card`: the user, their picture and their manager in one answer. */
export function teamCard(bff: Bff): void {
  bff.route(
    'team-card',
    { path: 'api/team-card', access: signedIn, extendsSession: true },
    (_request, { caller, log }) =>
      bff.graph.use(caller, need, log, async (graph) => {
        const [me, photo, manager] = await Promise.all([
          graph.api('/me').select(['displayName', 'jobTitle']).get(),
          graph.api('/me/photo/$value').responseType(ResponseType.RAW).get(),
          graph.api('/me/manager').select(['displayName', 'mail']).get().catch(noManager),
        ]);
        return jsonResponse({
          name: me.displayName,
          job_title: me.jobTitle,
          ...(manager === undefined ? {} : { manager: { name: manager.displayName, mail: manager.mail } }),
          ...(photo.ok ? { photo: await toDataUrl(photo) } : {}),
        });
      }),
  );
}

/** Graph answers with 404 for a user without a manager. */
function noManager(error: unknown): undefined {
  if (graphStatusOf(error) !== 404) throw error;
}

async function toDataUrl(photo: Response): Promise<string> {
  const bytes = Buffer.from(await photo.arrayBuffer());
  return `data:${photo.headers.get('content-type')};base64,${bytes.toString('base64')}`;
}
