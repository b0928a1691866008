/**
 * Memory for the large bodies of all answers on a worker. Who finds none waits in line, with the body still in its
 * connection: so many at a time, however many calls there are (DO-4).
 */
export interface BodyRoom {
  /** @param person the same for all calls of a person, who may fill half of the room */
  open(person: string): BodyReservation;
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
  const takenBy = new Map<string, number>();
  const line: { readonly person: string; readonly bytes: number; readonly enter: () => void }[] = [];

  const count = (person: string, bytes: number) => {
    takenBytes += bytes;
    const own = (takenBy.get(person) ?? 0) + bytes;
    if (own > 0) takenBy.set(person, own);
    else takenBy.delete(person);
  };
  // Who has half of the room waits for a body of their own to end, and the others go past.
  const mayTake = ({ person, bytes }: (typeof line)[number]) => {
    const own = takenBy.get(person) ?? 0;
    return own === 0 || own + bytes <= roomBytes / 2;
  };
  const admit = () => {
    for (let next = line.find(mayTake); next !== undefined; next = line.find(mayTake)) {
      // One that is larger than the whole room gets it when nobody else is in it.
      if (takenBytes > 0 && takenBytes + next.bytes > roomBytes) return;
      line.splice(line.indexOf(next), 1);
      count(next.person, next.bytes);
      next.enter();
    }
  };

  return {
    open(person) {
      let ownBytes = 0;
      const waiting = new Set<(typeof line)[number]>();
      return {
        take: (bytes) =>
          new Promise((resolve) => {
            const place = {
              person,
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
          count(person, -ownBytes);
          ownBytes = 0;
          admit();
        },
      };
    },
  };
}
