import type { GraphPage } from './client-api.ts';

/** Follows the links of a list, from page to page. @throws {Error} if a page is missing */
export async function* readPages(
  read: (link: string) => Promise<Response>,
  path: string,
): AsyncGenerator<GraphPage, void> {
  for (let link: string | undefined = path; link; ) {
    const response: Response = await read(link);
    if (!response.ok) throw new Error(`Graph: ${response.status}`, { cause: response });
    const page: GraphPage = await response.json();
    yield page;
    const reason = /(?:^|, )\w+Link=([\w-]+)/.exec(response.headers.get('bff-removed-links') ?? '');
    if (reason) throw new Error(`The link to the next page was removed: ${reason[1]}`);
    link = page['@odata.nextLink'];
  }
}
