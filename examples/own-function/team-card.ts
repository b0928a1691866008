import { type Bff, type GraphContent, jsonResponse, signedIn } from 'entra-bff';

/** A feature of policy.json, and the permissions for all three calls. */
const need = { feature: 'manager', scopes: ['User.Read', 'User.Read.All'] };

/** `GET /api/team-card`: the user, their picture and their manager in one response. */
export function teamCard(bff: Bff): void {
  bff.route(
    'team-card',
    { path: 'api/team-card', access: signedIn, extendsSession: true },
    async (_request, { caller }) => {
      const [me, photo, manager] = await Promise.all([
        bff.graph.get(caller, '/me', { ...need, query: { $select: 'displayName,jobTitle' } }),
        bff.graph.findContent(caller, '/me/photo/$value', need),
        // Graph returns 404 for a user without a manager.
        bff.graph.find(caller, '/me/manager', { ...need, query: { $select: 'displayName,mail' } }),
      ]);
      return jsonResponse({
        name: me['displayName'],
        job_title: me['jobTitle'],
        ...(manager === undefined
          ? {}
          : { manager: { name: manager['displayName'], mail: manager['mail'] } }),
        ...(photo === undefined ? {} : { photo: toDataUrl(photo) }),
      });
    },
  );
}

function toDataUrl({ bytes, contentType }: GraphContent): string {
  return `data:${contentType};base64,${Buffer.from(bytes).toString('base64')}`;
}
