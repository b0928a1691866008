import type { Guard } from '../access/guard-rules.ts';

/** Who may look at other people's sign-ins, and who may end them: with the same role, and a recent sign-in. */
export interface AdministrationGuards {
  readonly read: Guard;
  readonly change: Guard;
}
