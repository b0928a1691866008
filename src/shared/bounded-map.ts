/** Sets an entry. If the map then has more than `maxSize` entries, those that were set longest ago are evicted. */
export function setBounded<Value>(map: Map<string, Value>, key: string, value: Value, maxSize: number): void {
  map.delete(key);
  map.set(key, value);
  for (const first of map.keys()) {
    if (map.size <= maxSize) break;
    map.delete(first);
  }
}
