import type { Client } from 'entra-bff/client';

/** Reads where the user is signed in. */
export async function readSessions(client: Client) {
  const response = await client.fetch('/api/auth/sessions');
  return response.json();
}

/** Ends one session. The status is 404 if it has already ended. */
export async function endSession(client: Client, id: string) {
  const { status } = await client.fetch(`/api/auth/sessions/${id}`, { method: 'DELETE' });
  return status;
}

/** Ends every session except the one of this browser. */
export async function endOtherSessions(client: Client) {
  const response = await client.fetch('/api/auth/sessions', { method: 'DELETE' });
  return response.json();
}
