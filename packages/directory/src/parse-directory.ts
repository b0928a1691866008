import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import type { Directory, Group, Permission, Registration, Resource, Tenant, User } from './directory.ts';
import { type DirectoryFile, directoryFile } from './directory-file.ts';
import { microsoftGraph } from './microsoft-graph.ts';
import { findReferenceFaults } from './reference-faults.ts';

/** A `directory.json` that cannot be used. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
  /** Every fault: where it is, what is wrong, how to fix it. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[], file = 'The directory') {
    super(`${file} is not usable:\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Reads a `directory.json`. @throws {DirectoryError} with every fault of the file */
export function readDirectory(path: string): Directory {
  const parse = (): unknown => {
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DirectoryError([`it cannot be read as JSON: ${reason}`], path);
    }
  };
  return toDirectory(checkDirectory(parse(), path));
}

/** Parses the content of a `directory.json`. @throws {DirectoryError} with every fault */
export function parseDirectory(content: unknown): Directory {
  return toDirectory(checkDirectory(content));
}

function checkDirectory(content: unknown, path?: string): DirectoryFile {
  const parsed = directoryFile.safeParse(content, { error: messageOf });
  const faults = [
    ...(parsed.error?.issues ?? []).map(
      (issue) => `${z.core.toDotPath(issue.path) || 'the file'}: ${issue.message}`,
    ),
    ...findReferenceFaults(content),
  ];
  if (!parsed.success || faults.length > 0) throw new DirectoryError(faults, path);
  return parsed.data;
}

/** Messages for the checks for which the schema has none. zod/mini has no default messages. */
const messageOf: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = issue.expected === 'int' ? 'whole number' : issue.expected;
      return `is missing or has the wrong type; write ${/^[aeiou]/.test(expected) ? 'an' : 'a'} ${expected}`;
    }
    case 'too_small':
      return `must be ${issue.minimum} or more`;
    case 'too_big':
      return `must be ${issue.maximum} or less`;
    default:
      return undefined;
  }
};

/** Ids that the file leaves out. The same words always give the same id. */
function toGuid(words: string): string {
  const hex = createHash('sha256').update(words).digest('hex');
  // Version and variant of RFC 9562, version 8: the content is up to its author.
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function toDirectory({ tenants: tenantFile, groups, people, apis, apps }: DirectoryFile): Directory {
  const tenants = tenantFile.map(({ id, ...tenant }) => ({
    id: id ?? toGuid(`tenant ${tenant.domain}`),
    ...tenant,
  }));
  const tenantNamed = (domain: string | undefined): Tenant =>
    required(domain === undefined ? tenants[0] : tenants.find((tenant) => tenant.domain === domain));
  const userIdOf = (username: string): string =>
    required(people.find((person) => person.username === username)).id ?? toGuid(`person ${username}`);
  const groupsByName = toGroups(groups, tenantNamed);
  const users = people.map((person): User => {
    const { id: _id, username, manager, guestIn, groups: memberships, messages, files, ...profile } = person;
    const [firstName = '', ...otherNames] = person.name.split(' ');
    return {
      ...profile,
      id: userIdOf(username),
      username,
      homeTenantId: tenantNamed(username.split('@')[1]).id,
      givenName: person.givenName ?? firstName,
      surname: person.surname ?? otherNames.join(' '),
      mail: person.mail ?? username,
      groups: memberships.map((name) => required(groupsByName.get(name))),
      guestIn: guestIn.map(({ tenant, id }) => ({
        tenantId: tenantNamed(tenant).id,
        objectId: id ?? toGuid(`guest ${username} ${tenant}`),
      })),
      ...(manager === undefined ? {} : { managerId: userIdOf(manager) }),
      ...(messages === undefined
        ? {}
        : { messages: messages.map((one, at) => ({ ...one, hoursAgo: one.hoursAgo ?? at + 1 })) }),
      ...(files === undefined ? {} : { files }),
    };
  });
  const registrations = apps.map((app) => toRegistration(app, tenantNamed, userIdOf));
  return { tenants, users, resources: toResources(apis), registrations };
}

/** The checks have found that it is there. */
function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('A reference of the directory was not checked.');
  return value;
}

type TenantNamed = (domain: string | undefined) => Tenant;

/** The same group is one object everywhere. */
function toGroups(entries: DirectoryFile['groups'], tenantNamed: TenantNamed): Map<string, Group> {
  const groups = new Map<string, Group>();
  const toGroup = (name: string): Group => {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const { id, tenant, team, partOf, ...rest } = required(entries.find((entry) => entry.name === name));
    const group = {
      ...rest,
      id: id ?? toGuid(`group ${name}`),
      tenantId: tenantNamed(tenant).id,
      ...(team === undefined ? {} : { team }),
      ...(partOf.length === 0 ? {} : { partOf: partOf.map(toGroup) }),
    };
    groups.set(name, group);
    return group;
  };
  for (const { name } of entries) toGroup(name);
  return groups;
}

function toResources(apis: DirectoryFile['apis']): Resource[] {
  const toPermission = ({
    title,
    ...scope
  }: DirectoryFile['apis'][number]['scopes'][number]): Permission => ({
    ...scope,
    title: title ?? scope.name,
  });
  const isGraph = ({ uri }: { readonly uri: string }) => uri === microsoftGraph.uri;
  const added = apis.filter(isGraph).flatMap(({ scopes }) => scopes.map(toPermission));
  const shipped = microsoftGraph.permissions.filter(({ name }) => !added.some((one) => one.name === name));
  return [
    { ...microsoftGraph, permissions: [...shipped, ...added] },
    ...apis
      .filter((api) => !isGraph(api))
      .map(({ id, name, uri, scopes }) => ({
        id: id ?? toGuid(`api ${uri}`),
        name,
        uri,
        permissions: scopes.map(toPermission),
      })),
  ];
}

function toRegistration(
  {
    clientId,
    name,
    tenant: domain,
    publisher,
    roles,
    organizationConsents,
    ...rest
  }: DirectoryFile['apps'][number],
  tenantNamed: TenantNamed,
  userIdOf: (username: string) => string,
): Registration {
  const tenant = tenantNamed(domain);
  return {
    ...rest,
    clientId: clientId ?? toGuid(`app ${name}`),
    displayName: name,
    tenantId: tenant.id,
    publisher: publisher ?? { name: tenant.name, domain: tenant.domain, isVerified: false },
    appRoles: roles.map(({ value, title, description }) => ({ value, title: title ?? value, description })),
    roleAssignments: roles.flatMap(({ value, people }) =>
      people.map((username) => ({ userId: userIdOf(username), role: value })),
    ),
    organizationConsents: organizationConsents.map((consent) => ({
      tenantId: tenantNamed(consent.tenant).id,
      scopes: consent.scopes,
    })),
  };
}
