/**
 * Memory for the large bodies of all answers on a worker. Who finds none waits, with the rest of the body still in its
 * connection: so many at a time, however many calls there are (DO-4).
 *
 * An answer takes room in steps, as its body comes: what a slow upstream has not sent takes nobody's room. A step is given
 * only while every answer that came in earlier could still get all of its rest, with those before it gone; so the oldest
 * can always go on, and after it the next. Waiting with a part in hand for room that others hold in the same way would be
 * a deadlock. An answer that does not fit in so waits before it holds anything.
 */
export interface BodyRoom {
  /**
   * @param person the same for all calls of a person
   * @param upstream the same for all calls to one API
   */
  open(person: string, upstream: string): BodyReservation;
}

/** One call's share. */
export interface BodyReservation {
  /**
   * Adds to the share as soon as there is room and it is one's turn. Pending for ever when the share is given back meanwhile.
   * @param restBytes the most that will be asked for after this
   */
  take(bytes: number, restBytes?: number): Promise<void>;
  /** Gives all of it back. */
  release(): void;
}

/** A dozen bodies of the default limit. With the copies that are made on their way out, they fit into the smallest instance. */
const ROOM_BYTES = 128 * 1024 * 1024;
/**
 * A person may hold half of what is then free: one alone a third of the room, two a quarter each, and who comes next finds
 * twice as much free as each of them holds, however slow they are.
 */
const PERSON_SHARE = 1 / 2;
/** An upstream three quarters of the room. Where there is one alone, as often, most of the room is its own. */
const UPSTREAM_SHARE = 3;

interface Share {
  readonly person: string;
  readonly upstream: string;
  heldBytes: number;
  /** What it holds, and may still ask for. */
  mostBytes: number;
  waiting: { readonly bytes: number; readonly enter: () => void } | undefined;
}

export function createBodyRoom(roomBytes = ROOM_BYTES): BodyRoom {
  /** Those that hold something, the oldest first. */
  const inside: Share[] = [];
  /** Those that wait to come in. */
  const line: Share[] = [];

  const sumOf = (shares: readonly Share[]) => shares.reduce((sum, { heldBytes }) => sum + heldBytes, 0);

  /** All that came in before it can still get their rest, each once those before it have gone. */
  const leavesRest = (share: Share, bytes: number): boolean => {
    if (inside.every((other) => other === share)) return true;
    const at = inside.includes(share) ? inside.indexOf(share) : inside.length;
    // The newcomer's own rest has to fit as well, beside nobody: it is the last to go.
    if (at === inside.length && share.mostBytes > roomBytes) return false;
    let laterBytes = bytes + sumOf(inside.slice(at));
    for (const older of inside.slice(0, at).reverse()) {
      if (older.mostBytes + laterBytes > roomBytes) return false;
      laterBytes += older.heldBytes;
    }
    return true;
  };

  /** Within its person's and its upstream's part; the oldest of either goes on all the same, or nothing of theirs would end. */
  const isFair = (share: Share, bytes: number): boolean => {
    const freeBytes = roomBytes - sumOf(inside) - bytes;
    const isWithin = (same: (other: Share) => boolean, part: number) => {
      const theirs = inside.filter(same);
      return theirs.length === 0 || theirs[0] === share || sumOf(theirs) + bytes <= freeBytes * part;
    };
    return (
      isWithin(({ person }) => person === share.person, PERSON_SHARE) &&
      isWithin(({ upstream }) => upstream === share.upstream, UPSTREAM_SHARE)
    );
  };

  const give = (share: Share) => {
    const { waiting } = share;
    if (waiting === undefined) return;
    share.waiting = undefined;
    share.heldBytes += waiting.bytes;
    waiting.enter();
  };

  const giveIfFree = (share: Share) => {
    const bytes = share.waiting?.bytes;
    if (bytes !== undefined && isFair(share, bytes) && leavesRest(share, bytes)) give(share);
  };

  const admitLine = () => {
    for (;;) {
      // Who is over their part waits for answers of their own to end, and the others go past.
      const next = line.find((share) => isFair(share, share.waiting?.bytes ?? 0));
      if (next === undefined || !leavesRest(next, next.waiting?.bytes ?? 0)) return;
      line.splice(line.indexOf(next), 1);
      inside.push(next);
      give(next);
    }
  };

  return {
    open(person, upstream) {
      const share: Share = { person, upstream, heldBytes: 0, mostBytes: 0, waiting: undefined };
      let hasAsked = false;
      return {
        take: (bytes, restBytes = 0) =>
          new Promise((resolve) => {
            hasAsked = true;
            share.mostBytes = share.heldBytes + bytes + restBytes;
            share.waiting = { bytes, enter: resolve };
            // Only what goes makes room: whoever waits already need not be asked again.
            if (inside.includes(share)) return giveIfFree(share);
            line.push(share);
            admitLine();
          }),
        release() {
          // Most calls have a small body: what frees nothing need not look through all others.
          if (!hasAsked) return;
          hasAsked = false;
          share.waiting = undefined;
          share.heldBytes = 0;
          for (const list of [inside, line]) if (list.includes(share)) list.splice(list.indexOf(share), 1);
          for (const other of inside) giveIfFree(other);
          admitLine();
        },
      };
    },
  };
}
