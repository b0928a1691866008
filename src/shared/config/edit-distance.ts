/** The number of letters to insert, remove or replace (Levenshtein). */
export function editDistance(left: string, right: string): number {
  return editDistanceWithin(left, right, Math.max(left.length, right.length)) ?? 0;
}

/**
 * Returns undefined if the distance is greater than `limit`, and then stops early: at a cold start, every variable of the
 * environment is compared with every setting.
 */
export function editDistanceWithin(left: string, right: string, limit: number): number | undefined {
  if (Math.abs(left.length - right.length) > limit || !shareAPiece(left, right, limit)) return undefined;
  let row = Uint16Array.from({ length: right.length + 1 }, (_, at) => at);
  let next = new Uint16Array(row.length);
  for (let index = 0; index < left.length; index++) {
    next[0] = index + 1;
    let least = index + 1;
    for (let at = 0; at < right.length; at++) {
      const replaced = (row[at] ?? 0) + Number(left.charCodeAt(index) !== right.charCodeAt(at));
      const distance = Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1);
      next[at + 1] = distance;
      least = Math.min(least, distance);
    }
    // Later rows have no smaller values.
    if (least > limit) return undefined;
    [row, next] = [next, row];
  }
  const distance = row[right.length] ?? 0;
  return distance > limit ? undefined : distance;
}

/** Fewer changes than pieces leave at least one piece of a text as it is. Searching for it is faster than counting. */
function shareAPiece(left: string, right: string, changes: number): boolean {
  const length = Math.floor(right.length / (changes + 1));
  for (let piece = 0; piece <= changes; piece++) {
    if (left.includes(right.slice(piece * length, (piece + 1) * length))) return true;
  }
  return false;
}
