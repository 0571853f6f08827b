import { cell } from './escape.ts';

/** GitHub takes 1 MiB of summary from one step; the rest is for what redaction may add. */
const LONGEST_SUMMARY = 1_000_000;

/** What is said of one cluster. */
export interface Report {
  /** One line. */
  readonly summary: string;
  /** Markdown. */
  readonly report: string;
}

/** What is said of all clusters of a run: each whole, or one line where there is no room, so that no table is cut. */
export function summaryOfRun(reports: readonly Report[]): string {
  const short = reports.map(
    ({ summary }) => `${cell(summary)} *Left out for want of room; of a plan, every step is in \`plan-file\`.*`,
  );
  let left = LONGEST_SUMMARY - reports.reduce((sum, _, i) => sum + sizeOf(short[i] ?? ''), 0);
  const texts = reports.map(({ report }, i) => {
    const line = short[i] ?? '';
    const more = sizeOf(report) - sizeOf(line);
    if (more > left) return line;
    left -= more;
    return report;
  });
  return texts.join(BETWEEN);
}

const BETWEEN = '\n\n---\n\n';

function sizeOf(text: string): number {
  return Buffer.byteLength(text) + BETWEEN.length;
}
