import type { Message } from './network.ts';
import type { FaultKind, Setting } from './setting.ts';
import type { Choice, Fault } from './world-state.ts';

/** The faults that may happen next within the setting, and those that have happened. */
export interface Misfortune {
  readonly faults: readonly Fault[];
  mayBeLate(message: Message): boolean;
  /** Whether no further fault is possible, except to messages with certain operations. */
  isOver(): boolean;
  befall(kind: FaultKind, worker: string, message?: Message): void;
  ofMessage(message: Message): readonly Choice[];
  ofWorker(
    worker: string,
    acts: { readonly kill: () => void; readonly stall: () => void },
  ): readonly Choice[];
}

const isOfMessage = (kind: FaultKind) => kind === 'fails' || kind === 'answer lost' || kind === 'repeated';

type Wake = (worker: string, told: string, act: () => void) => Promise<void>;

export function createMisfortune(
  { faults: { kinds, atMost, worker: only, operations } }: Setting,
  messages: readonly Message[],
  wake: Wake,
): Misfortune {
  const faults: Fault[] = [];
  const befall = (kind: FaultKind, worker: string, message?: Message) => {
    const fault = { kind, worker, afterMessages: messages.length };
    faults.push(message === undefined ? fault : { ...fault, message });
  };
  const mayBefall = (kind: FaultKind) => kinds.includes(kind) && faults.length < atMost;
  const mayMeetFaults = ({ operation }: Message) => operations?.includes(operation) ?? true;
  const choice = (name: string, take: () => Promise<void>): Choice => ({ name, kind: 'fault', take });

  return {
    faults,
    mayBeLate: (message) => mayBefall('late') && mayMeetFaults(message),
    isOver: () =>
      kinds.length === 0 || faults.length >= atMost || (operations !== undefined && kinds.every(isOfMessage)),
    befall,

    ofMessage(message) {
      const { name, worker, operation, appliedAtMs } = message;
      const choices: Choice[] = [];
      if (!mayMeetFaults(message)) return choices;
      const add = (kind: FaultKind, text: string, take: () => Promise<void>) => {
        if (!mayBefall(kind)) return;
        const suffer = () => {
          befall(kind, worker, message);
          return take();
        };
        choices.push(choice(text, suffer));
      };
      const fail = () => wake(worker, `${name} fails`, () => message.fail());
      if (appliedAtMs === undefined) {
        add('fails', `${name} fails`, () => {
          message.lost = true;
          return fail();
        });
        return choices;
      }
      add('answer lost', `${name} loses its answer`, fail);
      // The product never repeats a token request.
      if (operation !== 'token') {
        add('repeated', `${name} is repeated`, () => {
          message.apply();
          return wake(worker, `${name}: ${message.saying}`, () => message.answer());
        });
      }
      return choices;
    },

    ofWorker(worker, { kill, stall }) {
      const choices: Choice[] = [];
      const add = (kind: FaultKind, text: string, act: () => void) => {
        if (!mayBefall(kind) || (only !== undefined && worker !== only)) return;
        const suffer = async () => {
          befall(kind, worker);
          act();
        };
        choices.push(choice(text, suffer));
      };
      add('killed', `${worker} is killed`, kill);
      add('stalled', `${worker} stalls`, stall);
      return choices;
    },
  };
}
