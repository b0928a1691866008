import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';

/** One call in Microsoft's reference, with the delegated permissions of work accounts. */
export interface KnownCall {
  /** The least privileged ones. Usually one; several if they permit different things. */
  readonly least: ReadonlySet<string>;
  readonly accepted: ReadonlySet<string>;
}

export interface PermissionReference {
  /** @param call as the policy writes it: `GET /v1.0/me/messages/{id}`; undefined if the reference does not list the call */
  find(call: string): KnownCall | undefined;
  /** Undefined for a permission that the reference does not have. */
  administratorMustConsent(scope: string): boolean | undefined;
}

/** The part of `permissions.json` of microsoftgraph/microsoft-graph-devx-content that is read. */
const form = z.object({
  permissions: z.record(
    z.string(),
    z.object({
      schemes: z.object({ DelegatedWork: z.optional(z.object({ requiresAdminConsent: z.boolean() })) }),
      pathSets: z.array(
        z.object({
          schemeKeys: z.array(z.string()),
          methods: z.array(z.string()),
          paths: z.record(z.string(), z.string()),
        }),
      ),
    }),
  ),
});

export function readPermissionReference(file: string): PermissionReference {
  const { permissions } = form.parse(JSON.parse(readFileSync(file, 'utf8')));
  const known = new Map<string, { least: Set<string>; accepted: Set<string> }>();
  for (const [name, { pathSets }] of Object.entries(permissions)) {
    for (const { schemeKeys, methods, paths } of pathSets) {
      if (!schemeKeys.includes('DelegatedWork')) continue;
      for (const [path, attributes] of Object.entries(paths)) {
        for (const method of methods) {
          const key = `${method} ${path}`;
          const call = known.get(key) ?? { least: new Set(), accepted: new Set() };
          known.set(key, call);
          call.accepted.add(name);
          if (/(?:^|;)least=(?:[^;]*,)?DelegatedWork(?:,|;|$)/.test(attributes)) call.least.add(name);
        }
      }
    }
  }
  return {
    find(call) {
      const key = toReferenceKey(call);
      // Some paths are listed for /me, some for /users/{id}, some for both.
      return known.get(key) ?? known.get(key.replace(' /me/', ' /users/{id}/'));
    },
    administratorMustConsent: (scope) => permissions[scope]?.schemes.DelegatedWork?.requiresAdminConsent,
  };
}

/** The reference has lower case, `{id}` and `{value}`, but no versions and no `$value`. HEAD is listed as GET. */
function toReferenceKey(call: string): string {
  return call
    .replace(/^HEAD /, 'GET ')
    .replace(' /v1.0', ' ')
    .replace(/\/\$value$/, '')
    .replaceAll(/='?\{[^}]+\}'?/g, '={value}')
    .replaceAll(/\{(?!value\})[^}]+\}/g, '{id}')
    .replace('/mailFolders/inbox/', '/mailFolders/{id}/')
    .replace(/ .*/, (path) => path.toLowerCase());
}
