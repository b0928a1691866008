import type { Client } from 'entra-bff/client';

/** Reads every page of a list, for example of `/me/messages?$select=subject&$top=10`. */
export async function readAllPages(client: Client, list: string): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  for await (const page of client.pages(list)) items.push(...page.value);
  return items;
}
