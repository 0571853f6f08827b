/** What people have, how it ends here, and the test that says so. docs/compatibility.md is made of these. */
export interface Row {
  readonly what: string;
  /** `works`, or in which words it is refused or stops. */
  readonly end: string;
  readonly file: string;
  /** The title as it stands in the file. */
  readonly title: string;
  /** Of a table of cases: words of the one that is meant, as they stand in the file. */
  readonly cases?: string;
  /** Servers that cannot have it, and why. */
  readonly without?: Readonly<Record<string, string>>;
  /** Servers: each that there is, pairs of them, or none. Kubernetes: the images that tests have. */
  readonly on: 'servers' | 'pairs' | 'images' | 'none';
}

/** A row of what works on every server, but for what `more` says. */
export const each = (what: string, file: string, title: string, more: Partial<Row> = {}): Row => {
  return { what, end: 'works', file, title, on: 'servers', ...more };
};
