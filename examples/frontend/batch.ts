import { BffProblem, type Client } from 'entra-bff/client';

/** Reads the user and five messages with one request. */
export async function readUserAndMail(client: Client) {
  // #region batch
  const response = await client.fetch('/api/graph/v1.0/$batch', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      requests: [
        { id: 'me', method: 'GET', url: '/me' },
        { id: 'mail', method: 'GET', url: '/me/messages?$top=5' },
      ],
    }),
  });
  // #endregion
  const { responses } = await response.json();
  return responses;
}

/** Asks the user for what one part of a batch needs. */
export async function askForPart(client: Client, part: { status: number; body: { code?: string } }) {
  // #region part
  const { status, body } = part; // one of `responses`
  if (body.code === 'interaction_required') await client.interact(new BffProblem(body, status));
  // #endregion
}
