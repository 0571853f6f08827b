const FACTORS: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity as Kubernetes writes it (`512Mi`, `1.5G`, `1e9`) in bytes, rounded up; null where it is none. */
export function bytesOf(quantity: string | number): number | null {
  const match = /^([+-]?\d*\.?\d+(?:[eE][+-]?\d+)?)([mkMGTPE]|[KMGTPE]i)?$/.exec(`${quantity}`);
  if (match === null) return null;
  const factor = match[2] === undefined ? 1 : (FACTORS[match[2]] ?? Number.NaN);
  return Math.ceil(Number(match[1]) * factor);
}
