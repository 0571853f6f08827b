import type { Style } from './style.ts';

/** A comment's Markdown as a terminal can show it, in a frame. */
export function framed(markdown: string, style: Style): string {
  const lines = withTables(readable(markdown, style).split('\n'), style);
  return lines.map((line) => `  │ ${line}`.trimEnd()).join('\n');
}

/** Without what GitHub hides or folds. */
function readable(markdown: string, style: Style): string {
  return markdown
    .replaceAll(/<!--[\s\S]*?-->\n?/g, '')
    .replaceAll(/<\/?(details|sub|summary)>/g, '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/^### (.*)$/gm, (_, title: string) => style('bold', title))
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}

/** Rows of tables get columns of one width; all else only its emphasis. */
function withTables(lines: readonly string[], style: Style): readonly string[] {
  const shown: string[] = [];
  let table: (readonly string[])[] = [];
  const flush = (): void => {
    shown.push(...aligned(table));
    table = [];
  };
  for (const line of lines) {
    if (!line.startsWith('|')) {
      flush();
      shown.push(emphasised(line, style));
    } else if (!/^[|\s:-]+$/.test(line)) {
      table.push(cellsOf(line, style));
    }
  }
  flush();
  return shown;
}

function cellsOf(row: string, style: Style): readonly string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => emphasised(cell.trim(), style));
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => widthOf(row[i] ?? ''))));
  return rows.map((row) => row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell))).join('  '));
}

function emphasised(text: string, style: Style): string {
  return text
    .replaceAll(/`([^`]*)`/g, '$1')
    .replaceAll(/\*\*(.+?)\*\*/g, (_, words: string) => style('bold', words))
    .replaceAll(/\*(\S.*?)\*/g, '$1');
}

const ESCAPE = String.fromCodePoint(27);

/** Characters as seen: escape sequences take no room. */
function widthOf(text: string): number {
  return text.replaceAll(new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g'), '').length;
}
