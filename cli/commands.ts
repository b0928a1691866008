import type { Command } from './command.ts';

interface CommandEntry {
  /** For the list of commands. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command by its name, in the order of the list that `entra-bff --help` prints. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  doctor: {
    summary: 'names every wrong setting of this app, with its fix',
    load: () => import('./doctor.ts').then(({ doctor }) => doctor),
  },
  keys: {
    summary: 'makes the secret keys that the settings need',
    load: () => import('./keys.ts').then(({ keys }) => keys),
  },
  policy: {
    summary: 'checks a policy, explains a call, lists permissions, adds a rule',
    load: () => import('./policy.ts').then(({ policy }) => policy),
  },
  info: {
    summary: 'prints versions and the names of the settings that are set, for bug reports',
    load: () => import('./info.ts').then(({ info }) => info),
  },
};
