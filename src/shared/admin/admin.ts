import type { Buffer } from 'node:buffer';
import type { Admission } from '../access/admission.ts';
import type { TextSealer } from '../crypto/sealed-text.ts';
import type { Features } from '../policy/features.ts';
import { toCaller } from '../session/caller.ts';
import type { Session, SessionStore } from '../session/store.ts';
import type { Log } from '../telemetry/log.ts';
import { createRecordOpening, createTargetOf, type RecordOpening } from './administered-user.ts';
import { isAdministrationFeature, withAdministration } from './administration.ts';
import { createConsole, type ReadConsole } from './console.ts';
import { createDirectory, type Directory } from './directory.ts';
import { createGrants, type Grants } from './grants.ts';
import type { GraphCalls } from './graph-calls.ts';
import type { AdministrationGuards } from './guards.ts';
import { type AdminOverview, createAdminOverview } from './overview.ts';
import { createOwnLinks, type OwnLinks } from './own-link.ts';
import { createSignOutUser, type SignOutUser } from './sign-out.ts';
import { createUserSessions, type UserSessions } from './user-sessions.ts';

/** What administrators see and do. */
export interface Admin {
  readonly guards: AdministrationGuards;
  readonly overview: (session: Session, log: Log) => Promise<AdminOverview>;
  readonly readConsole: ReadConsole;
  readonly ownLinks: OwnLinks;
  readonly directory: Directory;
  readonly userSessions: UserSessions;
  readonly grants: Grants;
  readonly signOutUser: SignOutUser;
  readonly recordOpening: RecordOpening;
  /** The features of the policies and those of this console, which a sign-in can request by name. */
  readonly loginFeatures: Features;
  /** True if a plain link may request the feature's permissions in this browser. */
  mayRequest(feature: string, session: Session | undefined): boolean;
}

export interface AdminOptions {
  readonly adminRole: string;
  /** Maximum age of an administrator's sign-in for a change, in seconds. */
  readonly adminMaxAuthAgeSeconds: number;
}

export interface AdminDependencies {
  readonly graph: GraphCalls;
  /** Graph whose refusals name the directory role that the administrator lacks. */
  readonly explainedGraph: GraphCalls;
  readonly store: SessionStore;
  readonly admission: Pick<Admission, 'wouldAdmit'>;
  readonly features: Features;
  readonly clientId: string;
  readonly indexKey: Buffer;
  /** Of purpose `console-link`. */
  readonly linkSealer: TextSealer;
  readonly now: () => Date;
}

export function createAdmin(
  { adminRole, adminMaxAuthAgeSeconds }: AdminOptions,
  {
    graph,
    explainedGraph,
    store,
    admission,
    features,
    clientId,
    indexKey,
    linkSealer,
    now,
  }: AdminDependencies,
): Admin {
  const read = { roles: [adminRole] };
  const targetOf = createTargetOf(indexKey);
  const recordOpening = createRecordOpening(targetOf);
  const directory = createDirectory(explainedGraph);
  const userSessions = createUserSessions({ store, features, targetOf });
  const grants = createGrants({ graph: explainedGraph, clientId, targetOf });
  return {
    guards: { read, change: { ...read, maxAuthAgeSeconds: adminMaxAuthAgeSeconds } },
    overview: createAdminOverview(graph),
    readConsole: createConsole({ directory, userSessions, grants, recordOpening }),
    ownLinks: createOwnLinks({ sealer: linkSealer, now }),
    directory,
    userSessions,
    grants,
    signOutUser: createSignOutUser({ graph: explainedGraph, userSessions, targetOf }),
    recordOpening,
    loginFeatures: withAdministration(features),
    mayRequest: (feature, session) =>
      !isAdministrationFeature(feature) ||
      (session !== undefined && admission.wouldAdmit(toCaller(session), read)),
  };
}
