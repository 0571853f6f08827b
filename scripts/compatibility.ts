import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AREAS } from '../test/support/compatibility.ts';
import { cellsOf, HEAD, rowsOfPage } from '../test/support/compatibility-page.ts';
import type { Row } from '../test/support/compatibility-row.ts';
import { table } from './table.ts';

/**
 * Writes docs/compatibility.md anew from what tests came to: `node scripts/compatibility.ts FILE…`, each FILE written by
 * `npm run -s jest -- … --json --outputFile=FILE`. Rows whose tests are in none of the files keep what was recorded before.
 * A row whose test failed, or that has no test in a file that was run, is a mistake, and nothing is written; so is a server that a row was
 * neither tried on nor excused for.
 */
const PAGE = join(import.meta.dirname, '../docs/compatibility.md');

const BEGIN = '<!-- tables -->';
const END = '<!-- /tables -->';

const Results = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

interface Result {
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
}

function main(files: readonly string[]): void {
  // Of a test that was run again, what it came to last.
  const last = new Map(files.flatMap(resultsOf).map((result) => [`${result.file} ${result.name}`, result]));
  const results = [...last.values()];
  const page = readFileSync(PAGE, 'utf8');
  const mistakes: string[] = [];
  const servers = [...new Set(results.flatMap(({ name }) => serversIn(name)))].filter((name) => name.includes('-'));
  const parts = AREAS.map(([area, rows]) => {
    const cells = rows.map((row) => cellsOf(row, seenOf(row, results, { page, servers, mistakes })));
    return `## ${area}\n\n${table(HEAD, cells)}`;
  });
  if (mistakes.length > 0) {
    console.error(mistakes.join('\n'));
    process.exitCode = 1;
    return;
  }
  const [head = '', rest = ''] = page.split(BEGIN);
  const [, tail = ''] = rest.split(END);
  writeFileSync(PAGE, `${head}${BEGIN}\n\n${parts.join('\n\n')}\n\n${END}${tail}`);
}

function resultsOf(file: string): readonly Result[] {
  const { testResults } = Results.parse(JSON.parse(readFileSync(file, 'utf8')));
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status !== 'pending')
      .map(({ fullName, status }) => ({
        file: name.slice(name.lastIndexOf('/test/') + 1),
        name: fullName,
        passed: status === 'passed',
      })),
  );
}

function seenOf(
  row: Row,
  results: readonly Result[],
  known: { readonly page: string; readonly servers: readonly string[]; readonly mistakes: string[] },
): string {
  const own = results.filter(({ file }) => file === row.file);
  if (own.length === 0) return recorded(row, known.page);
  const title = new RegExp(titleOf(row).split('%s').map(literally).join('.*'));
  const meant = own.filter(({ name }) => title.test(name));
  const failed = meant.filter(({ passed }) => !passed).map(({ name }) => name);
  if (meant.length === 0 || failed.length > 0)
    known.mistakes.push(`${row.what}: ${failed.join('; ') || 'no test ran'}`);
  const seen = new Set(meant.map(({ name }) => serversIn(name).join(' → ')).filter((names) => names !== ''));
  const lacking = row.on === 'servers' ? known.servers.filter((server) => !seen.has(server)) : [];
  for (const server of lacking) {
    if (row.without?.[server] === undefined) known.mistakes.push(`${row.what}: nothing is known of ${server}`);
  }
  return cellOf(row, [...seen].toSorted());
}

/** With the words of the case in place of what they stand for: all of it where they are in quotation marks. */
function titleOf({ title, cases }: Row): string {
  if (cases === undefined) return title;
  const isWhole = cases.startsWith("'");
  return title.replace('%s', isWhole ? cases.replaceAll("'", '') : `%s${cases}%s`);
}

function cellOf(row: Row, seen: readonly string[]): string {
  const reasons = Map.groupBy(Object.entries(row.without ?? {}), ([, reason]) => reason);
  const excused = Array.from(reasons, ([reason, servers]) => `${servers.map(([name]) => name).join(', ')}: ${reason}`);
  if (row.on === 'none') return 'does not depend on it';
  return [seen.filter((name) => row.without?.[name] === undefined).join(', '), ...excused].join('; ');
}

function recorded(row: Row, page: string): string {
  const [what = '', , , test = ''] = cellsOf(row, '');
  const known = rowsOfPage(page).find((cells) => cells[0] === what && cells[3] === test);
  return known?.[2] ?? 'not yet';
}

/** `redis-7.0` of a title that names servers, `redis:7.0` of one that names images. */
function serversIn(name: string): readonly string[] {
  return [...new Set(name.match(/\b(?:redis|valkey)(?:-|:)\d+\.\d+/g))];
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

main(process.argv.slice(2));
