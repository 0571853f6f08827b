import { styleText } from 'node:util';

/** A comment's Markdown as a terminal can show it, in a frame. */
export function framed(markdown: string): string {
  const lines = withTables(readable(markdown).split('\n'));
  return lines.map((line) => `  │ ${line}`.trimEnd()).join('\n');
}

/** Without what GitHub hides or folds. */
function readable(markdown: string): string {
  return markdown
    .replaceAll(/<!--[\s\S]*?-->\n?/g, '')
    .replaceAll(/<\/?(details|sub|summary)>/g, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/^### (.*)$/gm, (_, title: string) => styleText('bold', title))
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

/** Rows of tables get columns of one width; all else only its emphasis. */
function withTables(lines: readonly string[]): readonly string[] {
  const shown: string[] = [];
  let table: (readonly string[])[] = [];
  const flush = (): void => {
    shown.push(...aligned(table));
    table = [];
  };
  for (const line of lines) {
    if (!line.startsWith('|')) {
      flush();
      shown.push(emphasised(line));
    } else if (!/^[|\s:-]+$/.test(line)) {
      table.push(cellsOf(line));
    }
  }
  flush();
  return shown;
}

function cellsOf(row: string): readonly string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => emphasised(cell.trim()));
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => widthOf(row[i] ?? ''))));
  return rows.map((row) => row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell))).join('  '));
}

function emphasised(text: string): string {
  return text
    .replaceAll(/`([^`]*)`/g, '$1')
    .replaceAll(/\*\*(.+?)\*\*/g, (_, words: string) => styleText('bold', words))
    .replaceAll(/\*(\S.*?)\*/g, '$1');
}

const ESCAPE = String.fromCodePoint(27);

/** Characters as seen: escape sequences take no room. */
function widthOf(text: string): number {
  return text.replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g'), '').length;
}
