import type { Session } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { type LabelledClaim, labelClaims } from './claim-labels.ts';
import { type GraphCalls, toRecord, toRecords } from './graph-calls.ts';
import { attempt, type Part } from './section.ts';

/** One labelled value of the Graph answer. */
export interface LabelledValue {
  readonly label: string;
  readonly value: string;
}

/** A group, role or unit that the person belongs to. The name is missing when the app may not read it. */
export interface Membership {
  readonly id: string;
  readonly kind: string;
  readonly name?: string;
}

export interface GraphOverview {
  readonly profile: readonly LabelledValue[];
  /** Missing when this part of the answer failed. */
  readonly memberships?: readonly Membership[];
}

export interface AdminOverview {
  readonly claims: readonly LabelledClaim[];
  readonly graph: Part<GraphOverview>;
}

const profileFields: Readonly<Record<string, string>> = {
  displayName: 'Name',
  userPrincipalName: 'Address',
  mail: 'Mail',
  jobTitle: 'Job title',
  department: 'Department',
  officeLocation: 'Office',
  mobilePhone: 'Mobile',
  preferredLanguage: 'Language',
  id: 'Object id',
};

const scopes = ['User.Read']; // Graph's least permission for both calls

/** What the admin page shows: the verified claims, and Graph's answer to the administrator's own token. */
export function createAdminOverview(graph: GraphCalls) {
  return async (session: Session, log: Log): Promise<AdminOverview> => ({
    claims: labelClaims(session.facts.claims.all),
    graph: await attempt(() => readGraph(graph, session, log), log),
  });
}

function readGraph(graph: GraphCalls, session: Session, log: Log): Promise<GraphOverview> {
  return graph.use(session, { feature: 'profile', scopes }, log, async (client) => {
    const [me, memberOf] = await Promise.all([
      client.api(`/me?$select=${Object.keys(profileFields).join(',')}`).get(),
      client
        .api('/me/memberOf?$top=100')
        .get()
        .catch(() => undefined),
    ]);
    const memberships = memberOf === undefined ? {} : { memberships: readMemberships(memberOf) };
    return { profile: readProfile(me), ...memberships };
  });
}

function readProfile(answer: unknown): LabelledValue[] {
  const fields = toRecord(answer);
  return Object.entries(profileFields).flatMap(([field, label]) => {
    const value = fields[field];
    return typeof value === 'string' && value !== '' ? [{ label, value }] : [];
  });
}

function readMemberships(answer: unknown): Membership[] {
  return toRecords(answer).map(({ id, displayName, '@odata.type': type }) => {
    return {
      id: typeof id === 'string' ? id : '',
      kind: typeof type === 'string' ? readKind(type) : 'Object',
      ...(typeof displayName === 'string' && displayName !== '' ? { name: displayName } : {}),
    };
  });
}

function readKind(odataType: string): string {
  const kinds: Readonly<Record<string, string>> = {
    '#microsoft.graph.group': 'Group',
    '#microsoft.graph.directoryRole': 'Directory role',
    '#microsoft.graph.administrativeUnit': 'Administrative unit',
  };
  return kinds[odataType] ?? 'Object';
}
