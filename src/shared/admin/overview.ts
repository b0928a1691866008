import type { Caller } from '../session/caller.ts';
import type { Log } from '../telemetry/log.ts';
import { type AdministratorGraph, type GraphObject, toEntries } from './administration.ts';
import { type LabeledClaim, labelClaims } from './claim-labels.ts';
import { loadSection, type Section } from './section.ts';

/** A labeled value of the Graph profile. */
export interface LabeledValue {
  readonly label: string;
  readonly value: string;
}

/** A group, directory role or administrative unit that the administrator belongs to. */
export interface Membership {
  readonly id: string;
  readonly kind: string;
  /** Missing if the app may not read it. */
  readonly name?: string;
}

export interface GraphOverview {
  readonly profile: readonly LabeledValue[];
  /** Missing if Graph did not return them. */
  readonly memberships?: readonly Membership[];
}

export interface AdminOverview {
  readonly claims: readonly LabeledClaim[];
  readonly graph: Section<GraphOverview>;
}

/** Reads the administrator's verified claims and Graph profile. */
export type ReadOverview = (administrator: Caller, log: Log) => Promise<AdminOverview>;

/** Labels of the profile's fields, by their name in Graph. */
const profileFields: Readonly<Record<string, string>> = {
  displayName: 'Name',
  userPrincipalName: 'Username',
  mail: 'Email',
  jobTitle: 'Job title',
  department: 'Department',
  officeLocation: 'Office',
  mobilePhone: 'Mobile phone',
  preferredLanguage: 'Language',
  id: 'Object ID',
};

export function createReadOverview(graph: AdministratorGraph): ReadOverview {
  return async (administrator, log) => ({
    claims: labelClaims(administrator.claims),
    graph: await loadSection(() => readGraph(graph, administrator, log), log),
  });
}

async function readGraph(graph: AdministratorGraph, administrator: Caller, log: Log): Promise<GraphOverview> {
  const options = { feature: 'profile', scopes: ['User.Read'], log }; // the least permission for the two calls
  const [me, memberOf] = await Promise.all([
    graph.get(administrator, `/me?$select=${Object.keys(profileFields).join(',')}`, options),
    graph.get(administrator, '/me/memberOf?$top=100', options).catch(() => undefined),
  ]);
  return {
    profile: readProfile(me),
    ...(memberOf === undefined ? {} : { memberships: toEntries(memberOf).map(toMembership) }),
  };
}

function readProfile(me: GraphObject): LabeledValue[] {
  return Object.entries(profileFields).flatMap(([field, label]) => {
    const value = me[field];
    return typeof value === 'string' && value !== '' ? [{ label, value }] : [];
  });
}

function toMembership({ id, displayName, '@odata.type': type }: GraphObject): Membership {
  return {
    id: typeof id === 'string' ? id : '',
    kind: membershipKinds[String(type)] ?? 'Object',
    ...(typeof displayName === 'string' && displayName !== '' ? { name: displayName } : {}),
  };
}

const membershipKinds: Readonly<Record<string, string>> = {
  '#microsoft.graph.group': 'Group',
  '#microsoft.graph.directoryRole': 'Directory role',
  '#microsoft.graph.administrativeUnit': 'Administrative unit',
};
