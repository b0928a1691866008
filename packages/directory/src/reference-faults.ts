import { nearestName } from '@entra-bff/emulator-kit/nearest-name';
import { microsoftGraph } from './microsoft-graph.ts';

/** A member of the file whatever its shape is, with its position. */
interface Place {
  readonly pointer: string;
  readonly value: unknown;
}

interface Named extends Place {
  readonly name: string;
}

/**
 * Finds ids and names that occur twice, and references to nothing. It reads the file leniently, so that a fault of another
 * kind does not hide these.
 */
export function findReferenceFaults(file: unknown): string[] {
  const list = (name: string) => itemsAt({ pointer: '', value: file }, name);
  const [tenants, groups, people, apis, apps] = [
    list('tenants'),
    list('groups'),
    list('people'),
    list('apis'),
    list('apps'),
  ];
  const known = {
    tenant: namesOf(tenants, 'domain'),
    group: namesOf(groups, 'name'),
    person: namesOf(people, 'username'),
  };
  const guests = people.flatMap((person) => itemsAt(person, 'guestIn'));
  const roles = apps.map((app) => itemsAt(app, 'roles'));
  return [
    ...twice([
      ...[...tenants, ...groups, ...people, ...guests, ...apis].flatMap((item) => textAt(item, 'id')),
      ...apps.flatMap((app) => textAt(app, 'clientId')),
    ]),
    ...[known.tenant, known.group, known.person, namesOf(apis, 'uri'), namesOf(apps, 'name')].flatMap(twice),
    ...apis.flatMap((api) => twice(namesOf(itemsAt(api, 'scopes'), 'name'))),
    ...roles.flatMap((ofApp) => twice(namesOf(ofApp, 'value'))),
    ...people.flatMap((person) => fileFaults(namesOf(itemsAt(person, 'files'), 'path'))),
    ...[...groups, ...apps, ...guests, ...apps.flatMap((app) => itemsAt(app, 'organizationConsents'))]
      .flatMap((item) => textAt(item, 'tenant'))
      .flatMap((name) => unknown(name, 'tenant', 'domain', known.tenant)),
    ...people.flatMap((person) => homeFaults(person, known.tenant)),
    ...[
      ...people.flatMap((person) => textsAt(person, 'groups')),
      ...groups.flatMap((one) => textsAt(one, 'partOf')),
    ].flatMap((name) => unknown(name, 'group', 'name', known.group)),
    ...[
      ...people.flatMap((person) => textAt(person, 'manager')),
      ...roles.flat().flatMap((role) => textsAt(role, 'people')),
    ].flatMap((name) => unknown(name, 'person', 'username', known.person)),
    ...scopeFaults(apps, apis),
    ...groups.flatMap((group) => cycleFaults(group, groups)),
  ];
}

function itemsAt({ pointer, value }: Place, name: string): Place[] {
  const list = memberOf(value, name);
  const start = pointer === '' ? name : `${pointer}.${name}`;
  return Array.isArray(list)
    ? list.map((item: unknown, at) => ({ pointer: `${start}[${at}]`, value: item }))
    : [];
}

function textAt({ pointer, value }: Place, name: string): Named[] {
  const text = memberOf(value, name);
  return typeof text === 'string' ? [{ pointer: `${pointer}.${name}`, value: text, name: text }] : [];
}

function textsAt(place: Place, name: string): Named[] {
  return itemsAt(place, name).flatMap(({ pointer, value }) =>
    typeof value === 'string' ? [{ pointer, value, name: value }] : [],
  );
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

const namesOf = (items: readonly Place[], member: string) => items.flatMap((item) => textAt(item, member));

/** Letter case does not count, as nowhere in a directory. */
function twice(names: readonly Named[]): string[] {
  return names.flatMap(({ pointer, name }, at) => {
    const before = names.slice(0, at).find((other) => other.name.toLowerCase() === name.toLowerCase());
    return before === undefined
      ? []
      : [`${pointer}: "${name}" is taken by ${before.pointer}; write another one`];
  });
}

/** A path occurs once, and a file is no folder. */
function fileFaults(paths: readonly Named[]): string[] {
  return [
    ...twice(paths),
    ...paths.flatMap(({ pointer, name }) => {
      const below = paths.find((other) => other.name.toLowerCase().startsWith(`${name.toLowerCase()}/`));
      return below === undefined
        ? []
        : [`${pointer}: "${name}" is the folder of ${below.pointer}; give one of them another path`];
    }),
  ];
}

function unknown({ pointer, name }: Named, kind: string, by: string, known: readonly Named[]): string[] {
  if (known.some((one) => one.name === name)) return [];
  const names = known.map((one) => one.name);
  const meant = nearestName(name, names);
  const choice = names.length > 12 ? 'add it' : `add it, or write one of ${names.join(', ')}`;
  const cure = meant === undefined ? choice : `did you mean "${meant}"?`;
  return [`${pointer}: no ${kind} has the ${by} "${name}"; ${cure}`];
}

/** What an organization has granted is a permission of Microsoft Graph, or one of an API with its URI. */
function scopeFaults(apps: readonly Place[], apis: readonly Place[]): string[] {
  const known = apis.flatMap((api) => {
    const names = namesOf(itemsAt(api, 'scopes'), 'name');
    return textAt(api, 'uri').flatMap((uri) =>
      names.map((one) => ({
        ...one,
        name: uri.name === microsoftGraph.uri ? one.name : `${uri.name}/${one.name}`,
      })),
    );
  });
  const ofGraph = microsoftGraph.permissions.map(({ name }) => ({ pointer: '', value: name, name }));
  return apps
    .flatMap((app) => itemsAt(app, 'organizationConsents'))
    .flatMap((consent) => textsAt(consent, 'scopes'))
    .flatMap((name) => unknown(name, 'API', 'scope', [...ofGraph, ...known]));
}

/** The domain of a username is that of the home tenant, in which a user is never a guest. */
function homeFaults(person: Place, tenants: readonly Named[]): string[] {
  return textAt(person, 'username').flatMap((username) => {
    const domain = username.name.split('@')[1] ?? '';
    const guests = itemsAt(person, 'guestIn').flatMap((guest) => textAt(guest, 'tenant'));
    return [
      ...(domain === '' ? [] : unknown({ ...username, name: domain }, 'tenant', 'domain', tenants)),
      ...guests
        .filter(({ name }) => name === domain)
        .map(
          ({ pointer, name }) => `${pointer}: "${name}" is the home tenant; name another one, or remove it`,
        ),
    ];
  });
}

/** A group must not contain itself. The fault is found at each group of the circle. */
function cycleFaults(group: Place, groups: readonly Place[]): string[] {
  const parentsOf = (name: string) =>
    groups.filter((one) => textAt(one, 'name')[0]?.name === name).flatMap((one) => textsAt(one, 'partOf'));
  return textAt(group, 'name').flatMap(({ name }) => {
    const reached = new Set<string>();
    const visit = (parents: readonly Named[]): void => {
      for (const parent of parents)
        if (!reached.has(parent.name)) {
          reached.add(parent.name);
          visit(parentsOf(parent.name));
        }
    };
    visit(textsAt(group, 'partOf'));
    return reached.has(name)
      ? [`${group.pointer}.partOf: the group contains itself; remove one of the groups`]
      : [];
  });
}
