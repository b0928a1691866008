/**
 * Memory for the large bodies of all answers on a worker. Who finds none waits in line, with the body still in its
 * connection: so many at a time, however many calls there are (DO-4).
 */
export interface BodyRoom {
  open(): BodyReservation;
}

/** One call's share. */
export interface BodyReservation {
  /** Adds to the share as soon as there is room and it is one's turn. Pending for ever when the share is given back meanwhile. */
  take(bytes: number): Promise<void>;
  /** Gives all of it back. */
  release(): void;
}

/** A dozen bodies of the default limit. With the copies that are made on their way out, they fit into the smallest instance. */
const ROOM_BYTES = 128 * 1024 * 1024;

export function createBodyRoom(roomBytes = ROOM_BYTES): BodyRoom {
  let takenBytes = 0;
  const line: { readonly bytes: number; readonly enter: () => void }[] = [];

  const admit = () => {
    for (let first = line[0]; first !== undefined; first = line[0]) {
      // One that is larger than the whole room gets it when nobody else is in it.
      if (takenBytes > 0 && takenBytes + first.bytes > roomBytes) return;
      line.shift();
      takenBytes += first.bytes;
      first.enter();
    }
  };

  return {
    open() {
      let ownBytes = 0;
      const waiting = new Set<(typeof line)[number]>();
      return {
        take: (bytes) =>
          new Promise((resolve) => {
            const place = {
              bytes,
              enter() {
                ownBytes += bytes;
                waiting.delete(place);
                resolve();
              },
            };
            waiting.add(place);
            line.push(place);
            admit();
          }),
        release() {
          for (const place of waiting) line.splice(line.indexOf(place), 1);
          waiting.clear();
          takenBytes -= ownBytes;
          ownBytes = 0;
          admit();
        },
      };
    },
  };
}
