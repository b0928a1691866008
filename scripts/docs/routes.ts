import { Buffer } from 'node:buffer';
import { createApp } from '../../src/app.ts';
import { createRoutes, type Route } from '../../src/routes.ts';
import { signedIn, signedInWithoutRevalidation } from '../../src/shared/access/access.ts';
import { parseConfig } from '../../src/shared/config/config.ts';
import { readPolicies } from '../../src/shared/config/policies.ts';
import type { CsrfProtection } from '../../src/shared/http/cross-site.ts';
import { allMethods, type EndpointRules } from '../../src/shared/http/endpoint.ts';
import { createSystem } from '../../src/system.ts';
import { table } from './table.ts';

const groups = [
  { title: 'Sign-in and session', prefix: 'api/auth/' },
  { title: 'Microsoft Graph', prefix: 'api/graph/' },
  { title: 'Administration', prefix: 'api/admin' },
  { title: 'Service', prefix: '' },
];

/** docs/reference/routes.md */
export function routesPage(): string {
  const routes = builtInRoutes();
  const groupOf = (route: Route) => groups.find(({ prefix }) => route.path.startsWith(prefix));
  const tables = groups.map((group) => {
    const rows = routes.filter((route) => groupOf(route) === group).map(toRow);
    return `## ${group.title}\n\n${table(['path', 'methods', 'access', 'cross-site protection', 'purpose'], rows)}\n`;
  });
  return `# Routes

\`npm run docs\` writes this page from [routes.ts](../../src/routes.ts).

**Access** is what the function requires of the caller. Guards are explained in [Guards](../guards.md). Every refusal is a
[problem document](../problems.md) with a \`code\`. A script is never redirected to the sign-in: it gets 401 with a
\`login_url\`. A browser that opens a page is.

**Cross-site protection** is what a request must prove before the session cookie counts. \`X-CSRF: 1\` is a header that only
this service's own pages can send, and the browser client sends it.

${tables.join('\n')}
## Your own

\`/api/NAME/…\` is the same as \`/api/graph/…\` for [an API of your own](../guides/your-own-api.md). [Functions of your
own](../guides/own-functions.md) take a path below \`/api/\` that no route above uses.
`;
}

/** The routes of a service with the least configuration. Nothing is sent and nothing is stored. */
function builtInRoutes(): readonly Route[] {
  // The bundler puts the browser client here.
  Object.assign(globalThis, { __CLIENT_SOURCE__: '' });
  const key = (first: number) =>
    Buffer.from(Array.from({ length: 32 }, (_, index) => first + index)).toString('base64url');
  const config = parseConfig({
    PUBLIC_BASE_URL: 'https://app.contoso.com',
    ENTRA_TENANT_ID: '00000000-0000-0000-0000-000000000001',
    ENTRA_CLIENT_ID: '00000000-0000-0000-0000-000000000002',
    ENTRA_CLIENT_CREDENTIAL: 'managed-identity',
    SESSION_KEYS: `1:${key(0)}`,
    SESSION_INDEX_KEY: key(1),
    SESSION_TABLE_ENDPOINT: 'https://contoso.table.core.windows.net',
  });
  return createRoutes(createApp(config, readPolicies(config), createSystem(config)));
}

function toRow({ path, rules, summary }: Route): readonly string[] {
  const shownPath = path === '{*rest}' ? 'everything else' : `\`/${path.replace('{*path}', '…')}\``;
  const { methods = ['GET'], csrf = 'required', windowOnly, acceptsEmbed } = rules;
  const shownMethods = methods.length === allMethods.length ? 'all' : methods.join(', ');
  const embeds = acceptsEmbed
    ? ', except for [images and downloads](../graph-proxy.md#images-and-downloads) that a rule allows'
    : '';
  const protection = windowOnly ? 'opens in a window or tab only' : protectionOf[csrf] + embeds;
  return [shownPath, shownMethods, accessOf(rules), protection, summary];
}

function accessOf({ access, accessToChange, methods = ['GET'] }: EndpointRules<unknown>): string {
  if (access.session !== 'required') return 'anyone';
  if (access === signedIn || access === signedInWithoutRevalidation) return 'signed in';
  // The other guarded routes belong to the administration. Every change there requires a recent sign-in.
  if (!methods.includes('GET')) return 'app role and a recent sign-in';
  return accessToChange === undefined ? 'app role' : 'app role; changes need a recent sign-in';
}

const protectionOf: Record<CsrfProtection, string> = {
  required: '`X-CSRF: 1`',
  'unless-navigation': '`X-CSRF: 1`, except when a browser opens it',
  none: 'none',
};
