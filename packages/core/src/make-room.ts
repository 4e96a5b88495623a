/** For a map that is bounded: takes away what was put in first, until there is room for one more of `max`. */
export function makeRoom<K>(map: Map<K, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size < max) return;
    map.delete(key);
  }
}
