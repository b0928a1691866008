/**
 * What is under way at one time, on one worker. Everybody's calls share its memory, its outbound ports and, at the
 * upstream, the limits of one app registration: nobody may use up what the others need.
 */
export interface CallLimits {
  /**
   * @param person the same for all sessions of a person
   * @param bodyBytes of the request: they stay in memory until the call is over
   * @param weight how many calls it is to the upstream: 1, or the parts of a batch
   */
  enter(person: string, bodyBytes: number, weight?: number): CallEntry;
}

export type CallEntry =
  /** Call `leave` once, whatever the result of the call. Call `grow` if the call turns out to be several calls. */
  | {
      readonly kind: 'admitted';
      grow(weight: number): { readonly kind: 'admitted' } | CallRefusal;
      leave(): void;
    }
  | CallRefusal;

export interface CallRefusal {
  readonly kind: 'refused';
  readonly limit: 'person' | 'worker';
}

interface Load {
  readonly calls: number;
  readonly bodyBytes: number;
}

const MIB = 1024 * 1024;
const nothing: Load = { calls: 0, bodyBytes: 0 };

/**
 * A browser opens 6 connections, or a hundred streams, for all tabs of an origin; eight people like that fill a worker.
 * Half of the bodies leave as much to everybody else.
 */
const limitOfPerson: Load = { calls: 64, bodyBytes: 64 * MIB };
/**
 * As many calls as the sender opens connections to one host: one more would only wait, and hold its memory. The host and
 * the library hold three copies of each body, which makes 384 MiB of the smallest instance.
 */
const limitOfWorker: Load = { calls: 512, bodyBytes: 128 * MIB };

export function createCallLimits(): CallLimits {
  const loads = new Map<string, Load>();
  let workerLoad = nothing;
  return {
    enter(person, bodyBytes, weight = 1) {
      let entered = nothing;
      const reenter = (calls: number): { readonly kind: 'admitted' } | CallRefusal => {
        const own = minus(loads.get(person) ?? nothing, entered);
        const others = minus(workerLoad, entered);
        if (exceeds(limitOfPerson, own, bodyBytes, calls)) return { kind: 'refused', limit: 'person' };
        if (exceeds(limitOfWorker, others, bodyBytes, calls)) return { kind: 'refused', limit: 'worker' };
        entered = { calls, bodyBytes };
        loads.set(person, plus(own, entered));
        workerLoad = plus(others, entered);
        return { kind: 'admitted' };
      };
      const entry = reenter(weight);
      if (entry.kind === 'refused') return entry;
      return {
        kind: 'admitted',
        grow: reenter,
        leave() {
          workerLoad = minus(workerLoad, entered);
          const left = minus(loads.get(person) ?? nothing, entered);
          if (left.calls > 0) loads.set(person, left);
          else loads.delete(person);
        },
      };
    },
  };
}

/** The only call there is passes, whatever its weight and size: the settings allow it. */
function exceeds(limit: Load, load: Load, bodyBytes: number, weight: number): boolean {
  if (load.calls > 0 && load.calls + weight > limit.calls) return true;
  return bodyBytes > 0 && load.bodyBytes > 0 && load.bodyBytes + bodyBytes > limit.bodyBytes;
}

const plus = (load: Load, { calls, bodyBytes }: Load): Load => ({
  calls: load.calls + calls,
  bodyBytes: load.bodyBytes + bodyBytes,
});
const minus = (load: Load, { calls, bodyBytes }: Load): Load =>
  plus(load, { calls: -calls, bodyBytes: -bodyBytes });
