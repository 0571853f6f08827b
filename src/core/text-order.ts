/** By code units, not by the machine's language: the same order everywhere. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
