import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';

/** One call in Microsoft's reference, with the delegated permissions of work accounts. */
export interface KnownCall {
  /** The least privileged ones. Usually one; several if they permit different things. */
  readonly least: ReadonlySet<string>;
  readonly accepted: ReadonlySet<string>;
  /** What Graph requires in addition to each of these permissions. Rarely anything. */
  readonly alsoRequired: ReadonlyMap<string, string>;
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

/** @throws if the file cannot be read, or is not Microsoft's permission reference */
export function readPermissionReference(file: string): PermissionReference {
  const { permissions } = form.parse(JSON.parse(readFileSync(file, 'utf8')));
  const known = new Map<
    string,
    { least: Set<string>; accepted: Set<string>; alsoRequired: Map<string, string> }
  >();
  for (const [name, { pathSets }] of Object.entries(permissions)) {
    for (const { schemeKeys, methods, paths } of pathSets) {
      if (!schemeKeys.includes('DelegatedWork')) continue;
      for (const [path, attributes] of Object.entries(paths)) {
        for (const method of methods) {
          const key = `${method} ${toKey(path)}`;
          const call = known.get(key) ?? { least: new Set(), accepted: new Set(), alsoRequired: new Map() };
          known.set(key, call);
          call.accepted.add(name);
          if (/(?:^|;)least=(?:[^;]*,)?DelegatedWork(?:,|;|$)/.test(attributes)) call.least.add(name);
          const [, also] = /(?:^|;)AlsoRequires=([^;]+)/.exec(attributes) ?? [];
          if (also !== undefined) call.alsoRequired.set(name, also);
        }
      }
    }
  }
  return {
    find(call) {
      const [, method = '', path = ''] = /^(\S+) (?:\/v1\.0|\/beta)?(\S*)$/.exec(call) ?? [];
      // HEAD is listed as GET.
      const keys = spellingsOf(path).map((spelling) => `${method === 'HEAD' ? 'GET' : method} ${spelling}`);
      return keys.map((key) => known.get(key)).find((found) => found !== undefined);
    },
    administratorMustConsent: (scope) => permissions[scope]?.schemes.DelegatedWork?.requiresAdminConsent,
  };
}

/** The reference names parameters in several ways, and writes some paths in mixed case. */
function toKey(path: string): string {
  return path
    .toLowerCase()
    .replaceAll(/='?\{[^}]+\}'?/g, '={value}')
    .replaceAll(/\{(?!value\})[^}]+\}/g, '{id}')
    .replaceAll(/:\/[^:]+/g, ':/{id}');
}

/**
 * The keys under which the reference may list a path, from the exact one on. It omits words of OData and casts, and lists
 * some paths for `/me` and others for `/users/{id}`, some for one drive and others for all.
 */
function spellingsOf(path: string): readonly string[] {
  const exact = toKey(path);
  const plain = exact
    .replace(/\/\$(?:value|count|ref)$/, '')
    .replace(/\/microsoft\.graph\.[a-z]+$/, '')
    .replace(/\/mailfolders\/[a-z]+(?=\/|$)/, '/mailfolders/{id}')
    .replace(/\/delta\(.*\)$/, '/delta');
  return [exact, plain].flatMap((key) => [
    key,
    key.replace(/^\/me\/(?!drive)/, '/users/{id}/'),
    key.replace(/^\/users\/\{id\}\//, '/me/'),
    key.replace(/^\/drives\/\{id\}/, '/me/drive'),
    key.replace(/^\/me\/drive(?=\/)/, '/drives/{id}'),
  ]);
}
