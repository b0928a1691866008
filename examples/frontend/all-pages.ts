import type { Client } from 'entra-bff/client';

/** Reads every page of a list, for example of `/me/messages?$select=subject&$top=10`. */
export async function readAllPages(client: Client, list: string): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  let path: string | undefined = list;
  while (path !== undefined) {
    const response: Response = await client.graph(path);
    if (!response.ok) throw new Error(`Graph: ${response.status}`);
    const page = await response.json();
    items.push(...page.value);
    path = page['@odata.nextLink'];
  }
  return items;
}
