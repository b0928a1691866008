import { BffError, type ProblemCode, problems } from '../errors.ts';
import type { Session } from '../session/session-store.ts';
import type { Log } from '../telemetry/log.ts';
import { type LabelledClaim, labelClaims } from './claim-labels.ts';

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

export type GraphOverview =
  | {
      readonly kind: 'answered';
      readonly profile: readonly LabelledValue[];
      /** Missing when this part of the answer failed. */
      readonly memberships?: readonly Membership[];
    }
  /** Graph or Entra did not give an answer; the claims still stand. */
  | {
      readonly kind: 'failed';
      readonly code: ProblemCode;
      readonly title: string;
      readonly loginUrl?: string;
    };

export interface AdminOverview {
  readonly claims: readonly LabelledClaim[];
  readonly graph: GraphOverview;
}

/** Composed Graph calls, as the overview needs them. */
interface GraphReader {
  use<Result>(
    session: Session,
    need: { readonly feature: string; readonly scopes: readonly string[] },
    log: Log,
    work: (client: GraphRequests) => Promise<Result>,
  ): Promise<Result>;
}

/** What is used of Microsoft's client. */
interface GraphRequests {
  api(path: string): {
    select(fields: string[]): { get(): Promise<unknown> };
    top(count: number): { get(): Promise<unknown> };
  };
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
export function createAdminOverview(graph: GraphReader) {
  return async (session: Session, log: Log): Promise<AdminOverview> => ({
    claims: labelClaims(session.facts.claims.all),
    graph: await readGraph(graph, session, log),
  });
}

async function readGraph(graph: GraphReader, session: Session, log: Log): Promise<GraphOverview> {
  try {
    return await graph.use(session, { feature: 'profile', scopes }, log, async (client) => {
      const [me, memberOf] = await Promise.all([
        client.api('/me').select(Object.keys(profileFields)).get(),
        client
          .api('/me/memberOf')
          .top(100)
          .get()
          .catch(() => undefined),
      ]);
      const memberships = memberOf === undefined ? {} : { memberships: readMemberships(memberOf) };
      return { kind: 'answered', profile: readProfile(me), ...memberships };
    });
  } catch (error) {
    // Without a session or its store there is no page either; anything else leaves the claims standing.
    if (!(error instanceof BffError) || endsThePage.has(error.code)) throw error;
    return toFailed(error);
  }
}

const endsThePage: ReadonlySet<ProblemCode> = new Set([
  'session_required',
  'storage_unavailable',
  'internal_error',
]);

function toFailed(error: BffError): GraphOverview {
  const loginUrl: unknown = error.extensions['login_url'];
  return {
    kind: 'failed',
    code: error.code,
    title: problems[error.code].title,
    ...(typeof loginUrl === 'string' ? { loginUrl } : {}),
  };
}

function readProfile(answer: unknown): LabelledValue[] {
  const fields = toRecord(answer);
  return Object.entries(profileFields).flatMap(([field, label]) => {
    const value = fields[field];
    return typeof value === 'string' && value !== '' ? [{ label, value }] : [];
  });
}

function readMemberships(answer: unknown): Membership[] {
  const list = toRecord(answer)['value'];
  return (Array.isArray(list) ? list : []).map((entry: unknown) => {
    const { id, displayName, '@odata.type': type } = toRecord(entry);
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

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
