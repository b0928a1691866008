import { ResponseType } from '@microsoft/microsoft-graph-client';
import { type Bff, graphStatusOf, jsonResponse, signedIn } from 'entra-bff';

/** A feature of policy.json, and the permissions for all three calls. */
const need = { feature: 'manager', scopes: ['User.Read', 'User.Read.All'] };

/** `GET /api/team-card`: the person, their picture and their manager, in one answer. */
export function teamCard(bff: Bff): void {
  bff.route(
    'team-card',
    'api/team-card',
    { methods: ['GET'], caller: 'script', access: signedIn, countsAsUse: true },
    (request, session) =>
      bff.graph.use(session, need, request.log, async (graph) => {
        const [me, photo, manager] = await Promise.all([
          graph.api('/me').select(['displayName', 'jobTitle']).get(),
          graph.api('/me/photo/$value').responseType(ResponseType.RAW).get(),
          graph.api('/me/manager').select(['displayName', 'mail']).get().catch(nobody),
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

/** Whoever is at the top has no manager: that is an answer, and no failure. */
function nobody(error: unknown): undefined {
  if (graphStatusOf(error) !== 404) throw error;
}

async function toDataUrl(photo: Response): Promise<string> {
  const bytes = Buffer.from(await photo.arrayBuffer());
  return `data:${photo.headers.get('content-type')};base64,${bytes.toString('base64')}`;
}
