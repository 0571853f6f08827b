import type { Row } from './compatibility-row.ts';

export const HEAD = ['what', 'ends', 'seen on', 'test'] as const;

/** The cells of a row in docs/compatibility.md, the third of which is what was recorded. */
export function cellsOf(row: Row, seen: string): readonly string[] {
  return [row.what, row.end, seen, `\`${row.file}\``];
}

/** The cells of all rows of the page's tables, without their heads. */
export function rowsOfPage(page: string): readonly (readonly string[])[] {
  const lines = page.split('\n').filter((line) => line.startsWith('| '));
  const rows = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return rows.filter(([first = '']) => first !== HEAD[0] && !/^-+$/.test(first));
}
