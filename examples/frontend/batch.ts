import { BffProblem, type Client } from 'entra-bff/client';

/** Reads the user and five messages with one request. */
export function readUserAndMail(client: Client): Promise<Response> {
  return client.fetch('/api/graph/v1.0/$batch', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      requests: [
        { id: 'me', method: 'GET', url: '/me' },
        { id: 'mail', method: 'GET', url: '/me/messages?$top=5' },
      ],
    }),
  });
}

/** Returns the parts of a batch. If one of them needs the user, asks for that first. */
export async function readParts(client: Client, response: Response) {
  // #region part
  const { responses } = await response.json();
  const positions = response.headers.get('bff-answered-parts')?.split(',') ?? [];
  const problems = positions.map((position) => responses[Number(position)]);
  const asking = problems.find(({ body }) => body.code === 'interaction_required');
  if (asking !== undefined) await client.interact(new BffProblem(asking.body, asking.status));
  // #endregion
  return responses;
}
