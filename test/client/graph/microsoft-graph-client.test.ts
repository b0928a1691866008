import { describe, expect, it } from 'vitest';
import { graphClientMiddleware } from '../../../client/graph.ts';
import { openPage, origin } from '../fake-page.ts';

/** Where a request goes for which the library composed this URL. */
async function targetOf(request: string): Promise<string | undefined> {
  const { page, client } = openPage();
  await graphClientMiddleware(client, { page }).execute({ request });
  return page.sent.findLast(({ path }) => !path.endsWith('/auth/session'))?.url;
}

const base = 'https://graph.microsoft.com/v1.0/';

describe('the middleware of Microsoft Graph', () => {
  it('calls a link behind the base URL of the library, in development', async () => {
    const link = 'http://127.0.0.1:7071/api/graph/v1.0/me';
    expect(await targetOf(base + link)).toBe(link);
  });

  it.each([
    'me/messages?$search="/v1.0/http://evil.example/"',
    'me/drive/root:/v1.0/http://evil.example:/content',
  ])('calls this origin for an address within a call: %s', { tags: ['PX-2'] }, async (path) => {
    expect(await targetOf(base + path)).toMatch(new RegExp(`^${origin}/api/graph/v1\\.0/me/`));
  });
});
