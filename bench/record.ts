import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';

const PAGE = new URL('../docs/performance.md', import.meta.url);

/** `4 cores, 16 GB, node 24.21.0, 2026-11-23` */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  return `${cpus().length} cores, ${memory} GB of memory, node ${process.versions.node}, ${date}`;
}

/** Prints the text and, with `--record` or `--draw`, puts it between the markers of that name in docs/performance.md. */
export async function record(name: string, markdown: string): Promise<void> {
  console.log(markdown);
  if (!['--record', '--draw'].some((word) => process.argv.includes(word))) return;
  const page = await readFile(PAGE, 'utf8');
  const pattern = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!pattern.test(page)) throw new Error(`docs/performance.md has no place for ${name}.`);
  await writeFile(
    PAGE,
    page.replace(pattern, (_, begin: string, end: string) => `${begin}\n${markdown}\n\n${end}`),
  );
}

/** Rows as a Markdown table, its columns as wide as their widest cell. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(3, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string => `| ${widths.map((n, i) => (row[i] ?? '').padEnd(n)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((n) => '-'.repeat(n))), ...body.map(line)].join('\n');
}
