import { counted, grouped } from '../core/wording.ts';

export { counted, grouped };

/** 1,365 · 25k · 1.2M: short, for counts that are estimates anyway. */
export function short(n: number): string {
  if (n < 9_999.5) return grouped(n);
  if (n < 999_500) return `${Math.round(n / 1000)}k`;
  if (n < 999_500_000) return `${trimmed(n / 1_000_000)}M`;
  return `${trimmed(n / 1_000_000_000)}G`;
}

/** 512 B · 31 MB · 1.5 GB, in powers of 1,000. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
  let value = n;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : trimmed(value)} ${units[unit] ?? 'TB'}`;
}

/** under 1 s · 40 s · 3 min · 2 h 5 min */
export function duration(seconds: number): string {
  if (seconds < 1) return 'under 1 s';
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${grouped(Math.floor(minutes / 60))} h` : `${grouped(Math.floor(minutes / 60))} h ${rest} min`;
}

/** under 1 s · about 40 s · about 1 min: for estimates, which are no better than that. */
export function about(seconds: number): string {
  if (seconds < 1) return duration(seconds);
  return `about ${seconds < 59.5 || seconds >= 99.5 ? duration(seconds) : `${Math.round(seconds / 60)} min`}`;
}

function trimmed(value: number): string {
  return value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : String(Math.round(value));
}
