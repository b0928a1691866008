import type { Directory, SignInService } from '@entra-bff/directory';
import type { AuthenticateCaller } from './access-token.ts';
import type { Drives } from './drive/drives.ts';
import type { Revocations } from './revocations.ts';
import type { SavedItems } from './saved-items.ts';
import type { GraphSwitches } from './switches.ts';

/** Everything that one running emulator knows. */
export interface Graph {
  readonly origin: string;
  /** The app that uses this emulator. The switches page links to it. */
  readonly appUrl: string | undefined;
  readonly directory: Directory;
  /** The issuer of the access tokens. */
  readonly entraOrigin: string;
  /** Undefined if the issuer is not the Entra emulator. */
  readonly signInService: SignInService | undefined;
  readonly now: () => Date;
  readonly authenticate: AuthenticateCaller;
  readonly switches: GraphSwitches;
  readonly revocations: Revocations;
  /** What callers have created, changed and deleted. */
  readonly saved: SavedItems;
  readonly drives: Drives;
}
