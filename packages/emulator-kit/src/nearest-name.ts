/** Returns the name that was probably meant, for messages. Letter case does not count. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const limit = name.length < 5 ? 1 : 2;
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((left, right) => left.distance - right.distance);
  return nearest?.candidate ?? onlyOneThatBegins(name, known);
}

/** `alice` stands for `alice@contoso.example`, if no other name begins in the same way. */
function onlyOneThatBegins(name: string, known: readonly string[]): string | undefined {
  if (name.length < 3) return undefined;
  const longer = known.filter((candidate) => candidate.toLowerCase().startsWith(name.toLowerCase()));
  return longer.length === 1 ? longer[0] : undefined;
}

/** The number of letters to insert, remove or replace (Levenshtein). */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (const [index, letter] of [...left].entries()) {
    const next = [index + 1];
    for (const [at, other] of [...right].entries()) {
      const replaced = (row[at] ?? 0) + Number(letter !== other);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
