/**
 * The same function, which reckons once for each value: the planner asks the same of a state again and again. For values
 * that are never changed in place, such as clusters and what they consist of.
 */
export function remembered<K extends WeakKey, V>(reckon: (value: K) => V): (value: K) => V {
  const known = new WeakMap<K, { readonly result: V }>();
  return (value) => {
    const found = known.get(value) ?? { result: reckon(value) };
    known.set(value, found);
    return found.result;
  };
}
