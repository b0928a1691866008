/**
 * Memory for the large bodies of all answers on a worker. An answer without room waits, and the rest of its body stays
 * in the connection. Memory is therefore bounded, however many calls there are.
 *
 * An answer takes room in steps, as its body arrives. Bytes that a slow upstream has not sent take no room from others.
 * A step is granted only if every earlier answer could still get the rest of its room once the answers before it are
 * done. The oldest answer can therefore always go on, and after it the next. Without this rule, answers that each hold
 * a part and wait for the rest would deadlock. An answer that does not fit in this way waits before it holds any room.
 */
export interface BodyRoom {
  /**
   * @param person the same value for all calls of a user
   * @param upstream the same value for all calls to one API
   */
  open(person: string, upstream: string): BodyReservation;
}

/** One call's share. */
export interface BodyReservation {
  /**
   * Adds to the share as soon as there is room and it is this call's turn. Stays pending for ever if the share is given
   * back meanwhile.
   * @param restBytes the most that the call will ask for after this step
   */
  take(bytes: number, restBytes?: number): Promise<void>;
  /** Gives all of it back. */
  release(): void;
}

/** A dozen bodies of the default limit. With the copies that are made on their way out, they fit into the smallest instance. */
const ROOM_BYTES = 128 * 1024 * 1024;
/**
 * A user may hold half of the room that is then still free. One user alone can hold a third of all room, two users a
 * quarter each. The next user finds twice as much free room as each of them holds, however slow they are.
 */
const PERSON_SHARE = 1 / 2;
/** An upstream may hold three quarters of the room. If there is only one upstream, it can use most of the room. */
const UPSTREAM_SHARE = 3;

interface Share {
  readonly person: string;
  readonly upstream: string;
  heldBytes: number;
  /** The bytes that it holds and may still ask for. */
  mostBytes: number;
  waiting: { readonly bytes: number; readonly enter: () => void } | undefined;
}

export function createBodyRoom(roomBytes = ROOM_BYTES): BodyRoom {
  /** Shares that hold room, the oldest first. */
  const inside: Share[] = [];
  /** Shares that wait for their first room. */
  const line: Share[] = [];

  const sumOf = (shares: readonly Share[]) => shares.reduce((sum, { heldBytes }) => sum + heldBytes, 0);

  /** Whether each older share could still get its rest once the shares before it are gone. */
  const leavesRest = (share: Share, bytes: number): boolean => {
    if (inside.every((other) => other === share)) return true;
    const at = inside.includes(share) ? inside.indexOf(share) : inside.length;
    // The newcomer's whole body must fit too. It goes last, so it then has all the room.
    if (at === inside.length && share.mostBytes > roomBytes) return false;
    let laterBytes = bytes + sumOf(inside.slice(at));
    for (const older of inside.slice(0, at).reverse()) {
      if (older.mostBytes + laterBytes > roomBytes) return false;
      laterBytes += older.heldBytes;
    }
    return true;
  };

  /**
   * Whether a share stays within its user's and its upstream's part. The oldest share of each may always go on, because
   * otherwise none of them would end.
   */
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
      // A user or an upstream over its part waits until one of its own answers ends. Other shares pass it.
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
            // Only a share that ends makes room, so the other waiting shares need not be checked again.
            if (inside.includes(share)) return giveIfFree(share);
            line.push(share);
            admitLine();
          }),
        release() {
          // Most calls have a small body and free no room. They need not look through all other shares.
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
