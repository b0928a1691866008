/**
 * What is under way at one time, on one worker. Everybody's calls share its memory, its outbound ports and, at the
 * upstream, the limits of one app registration: nobody may use up what the others need (DO-3).
 */
export interface CallLimits {
  /** @param person the same for all sessions of a person */
  enter(person: string): Admission;
}

export type Admission =
  /** `leave` must be called once, whatever becomes of the call. */
  | { readonly kind: 'admitted'; readonly leave: () => void }
  | { readonly kind: 'refused'; readonly limit: 'person' | 'worker' };

/** A browser opens 6 connections, or a hundred streams, for all tabs of an origin; eight people like that fill a worker. */
const MAX_CALLS_OF_A_PERSON = 64;
/** The connections that the sender opens to one host: a call beyond them would only wait, and hold its memory. */
const MAX_CALLS_OF_A_WORKER = 512;

export function createCallLimits(): CallLimits {
  const callsOf = new Map<string, number>();
  let calls = 0;
  return {
    enter(person) {
      const own = callsOf.get(person) ?? 0;
      if (own >= MAX_CALLS_OF_A_PERSON) return { kind: 'refused', limit: 'person' };
      if (calls >= MAX_CALLS_OF_A_WORKER) return { kind: 'refused', limit: 'worker' };
      callsOf.set(person, own + 1);
      calls++;
      return {
        kind: 'admitted',
        leave() {
          calls--;
          const left = (callsOf.get(person) ?? 0) - 1;
          if (left > 0) callsOf.set(person, left);
          else callsOf.delete(person);
        },
      };
    },
  };
}
