/** Compares two values of an entity or a query: below zero, zero, above zero, or undefined if one of them is missing. */
export function compare(left: unknown, right: unknown): number | undefined {
  if (left === null || left === undefined || right === null || right === undefined) return undefined;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  const [first, second] = [String(left), String(right)];
  const [firstMs, secondMs] = [toInstantMs(first), toInstantMs(second)];
  if (firstMs !== undefined && secondMs !== undefined) return firstMs - secondMs;
  return compareTexts(first, second);
}

/** Null equals a missing value only. */
export function areEqual(left: unknown, right: unknown): boolean {
  return (left ?? null) === (right ?? null) || compare(left, right) === 0;
}

/** Graph ignores letter case. */
export function compareTexts(first: string, second: string): number {
  const [left, right] = [first.toLowerCase(), second.toLowerCase()];
  return left === right ? 0 : left < right ? -1 : 1;
}

/** Returns the instant of a date, or undefined for any other text. Without a time zone it is in UTC. */
export function toInstantMs(text: string): number | undefined {
  const [, date, time = 'T00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?$/i.exec(text) ?? [];
  if (date === undefined) return undefined;
  const ms = Date.parse(`${date}${time.replace(/(\.\d{3})\d+$/, '$1')}${zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}
