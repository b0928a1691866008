import type { Buffer } from 'node:buffer';
import type { Authorization } from '../access/authorize.ts';
import type { SealedTextPurpose, TextSealer } from '../crypto/sealed-text.ts';
import type { Entra } from '../entra/entra.ts';
import type { Features } from '../policy/features.ts';
import type { Caller } from '../session/caller.ts';
import type { SessionStore } from '../session/store.ts';
import {
  type AdministrationGuards,
  type AdministratorGraph,
  createAuditTarget,
  createRecordUserOpened,
  isAdministrationFeature,
  type RecordUserOpened,
  withAdministrationFeatures,
} from './administration.ts';
import { createConsole, type ReadConsole } from './console.ts';
import { type ConsoleLinks, createConsoleLinks } from './console-links.ts';
import { createDirectory, type Directory } from './directory.ts';
import { createGrants, type Grants } from './grants.ts';
import { createReadOverview, type ReadOverview } from './overview.ts';
import { createSignOutUser, type SignOutUser } from './sign-out.ts';
import { createUserSessions, type UserSessions } from './user-sessions.ts';

/** What administrators can see and change. */
export interface Admin {
  readonly guards: AdministrationGuards;
  readonly readOverview: ReadOverview;
  readonly readConsole: ReadConsole;
  readonly consoleLinks: ConsoleLinks;
  readonly directory: Directory;
  readonly userSessions: UserSessions;
  readonly grants: Grants;
  readonly signOutUser: SignOutUser;
  readonly recordUserOpened: RecordUserOpened;
  /** The features of the policies and those of this console, which a sign-in can request by name. */
  readonly loginFeatures: Features;
  /** False for a feature of this console, unless the caller is an administrator. */
  mayRequest(feature: string, caller: Caller | undefined): boolean;
}

export interface AdminOptions {
  readonly adminRole: string;
  /** How old an administrator's sign-in may be when the administrator changes something, in seconds. */
  readonly adminMaxAuthAgeSeconds: number;
}

export interface AdminDependencies {
  readonly graph: AdministratorGraph;
  /** The same client, but with an explanation for each refusal, see `graph/refusals.ts`. */
  readonly explainedGraph: AdministratorGraph;
  readonly store: SessionStore;
  readonly authorization: Pick<Authorization, 'wouldAllow'>;
  readonly features: Features;
  readonly entra: Pick<Entra, 'clientId'>;
  readonly indexKey: Buffer;
  readonly sealerFor: (purpose: SealedTextPurpose) => TextSealer;
  readonly now: () => Date;
}

export function createAdmin(
  { adminRole, adminMaxAuthAgeSeconds }: AdminOptions,
  dependencies: AdminDependencies,
): Admin {
  const { graph, explainedGraph, store, authorization, features, entra, indexKey, sealerFor, now } =
    dependencies;
  const read = { roles: [adminRole] };
  const auditTarget = createAuditTarget(indexKey);
  const recordUserOpened = createRecordUserOpened(auditTarget);
  const directory = createDirectory(explainedGraph);
  const userSessions = createUserSessions({ store, features, auditTarget });
  const grants = createGrants({ graph: explainedGraph, clientId: entra.clientId, auditTarget });
  return {
    guards: { read, change: { ...read, maxAuthAgeSeconds: adminMaxAuthAgeSeconds } },
    readOverview: createReadOverview(graph),
    readConsole: createConsole({ directory, userSessions, grants, recordUserOpened }),
    consoleLinks: createConsoleLinks({ sealer: sealerFor('console-link'), now }),
    directory,
    userSessions,
    grants,
    signOutUser: createSignOutUser({ graph: explainedGraph, userSessions, auditTarget }),
    recordUserOpened,
    loginFeatures: withAdministrationFeatures(features),
    mayRequest: (feature, caller) =>
      !isAdministrationFeature(feature) || (caller !== undefined && authorization.wouldAllow(caller, read)),
  };
}
