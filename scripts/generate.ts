import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { TopologyFile } from '../src/adapters/topology/schema.ts';
import { FAILURES } from '../src/core/failure.ts';
import { FINDINGS } from '../src/core/findings.ts';
import { DANGERS } from '../src/plan/plan.ts';
import { table } from './table.ts';

/**
 * Writes what is said in the sources a second time: the JSON schema of topology.yaml, and the tables in README.md and
 * docs/ that stand between `<!-- NAME -->` and `<!-- /NAME -->`. With `--check` it writes nothing and fails where a file is not as
 * it would be written.
 */
function main(isCheck: boolean): void {
  const root = join(import.meta.dirname, '..');
  // Draft 7 is what editors know best.
  const { $schema, ...rest } = z.toJSONSchema(TopologyFile, { io: 'input', target: 'draft-7' });
  const schema = { $schema, $id: SCHEMA_ID, ...rest };
  const blocks = blocksOf(readFileSync(join(root, 'action.yml'), 'utf8'), SchemaShape.parse(schema));
  const files = new Map([['schema/topology.schema.json', `${JSON.stringify(schema, null, 2)}\n`]]);
  for (const page of pagesOf(root)) files.set(page, filled(readFileSync(join(root, page), 'utf8'), blocks, page));

  const stale = [...files].filter(([file, content]) => contentOf(join(root, file)) !== content);
  for (const [file, content] of stale) {
    console.log(`${isCheck ? 'not as generated' : 'written'}: ${file}`);
    if (!isCheck) writeFileSync(join(root, file), content);
  }
  if (isCheck && stale.length > 0) {
    console.log('Run `npm run generate` and commit what it writes.');
    process.exitCode = 1;
  }
}

/** Where editors find it. */
const SCHEMA_ID = 'https://raw.githubusercontent.com/redis-cluster-topology/action/v1/schema/topology.schema.json';

function pagesOf(root: string): readonly string[] {
  const top = readdirSync(root).filter((name) => name === 'README.md');
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return [...top, ...docs.map((name) => `docs/${name}`)];
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
    throw thrown;
  }
}

/** Puts each block between its marks; a page may have none. */
function filled(page: string, blocks: ReadonlyMap<string, string>, name: string): string {
  const known = [...blocks.keys()].join('|');
  for (const [mark, begun] of page.matchAll(new RegExp(`<!-- (${known}) -->`, 'g'))) {
    if (!page.includes(`<!-- /${begun} -->`)) throw new Error(`${name}: ${mark} has no <!-- /${begun} -->.`);
  }
  const marked = new RegExp(`(<!-- (${known}) -->\n)[^]*?(<!-- /\\2 -->)`, 'g');
  return page.replaceAll(marked, (_, begin: string, block: string, end: string) => {
    return `${begin}\n${blocks.get(block) ?? ''}\n\n${end}`;
  });
}

const Action = z.object({
  inputs: z.record(z.string(), z.object({ description: z.string(), default: z.string() })),
  outputs: z.record(z.string(), z.object({ description: z.string() })),
});

function blocksOf(actionFile: string, schema: Schema): ReadonlyMap<string, string> {
  const action = Action.parse(parse(actionFile));
  const inputs = Object.entries(action.inputs).map(([name, input]) => [
    code(name),
    code(input.default),
    input.description,
  ]);
  const outputs = Object.entries(action.outputs).map(([name, output]) => [code(name), output.description]);
  const findings = Object.entries(FINDINGS).map(([name, words]) => [code(name), ...words]);
  return new Map([
    ['inputs', table(['input', 'default', 'meaning'], inputs)],
    ['outputs', table(['output', 'meaning'], outputs)],
    ['topology', table(['key', 'default', 'values', 'meaning'], rowsOf(schema, ''))],
    ...Object.entries(FAILURES).map(([name, [end, meaning]]) => [name, failure(end, meaning)] as const),
    [
      'dangers',
      table(
        ['danger', 'meaning'],
        Object.entries(DANGERS).map(([name, text]) => [code(name), text]),
      ),
    ],
    ['findings', table(['finding', 'meaning', 'comes about', 'what the action does'], findings)],
  ]);
}

/** How a run ends with it and what it means; under a heading of docs/failures.md, before what to do. */
function failure(end: 'refused' | 'failed', meaning: string): string {
  const when = end === 'refused' ? '`refused`: nothing was changed.' : '`failed`.';
  return `${when} ${meaning}`;
}

interface Schema {
  readonly description?: string | undefined;
  readonly type?: string | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly default?: unknown;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: Schema | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
}

const SchemaShape: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    description: z.string().optional(),
    type: z.string().optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    default: z.unknown().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    properties: z.record(z.string(), SchemaShape).optional(),
    required: z.array(z.string()).optional(),
    items: SchemaShape.optional(),
    anyOf: z.array(SchemaShape).optional(),
  }),
);

/** A row a key, those of a mapping after it. */
function rowsOf(schema: Schema, place: string): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    const key = place === '' ? name : `${place}.${name}`;
    const row = [
      code(key),
      defaultOf(part, schema.required?.includes(name) ?? false),
      valuesOf(part),
      part.description ?? '',
    ];
    const shard = part.anyOf?.find((one) => one.items?.properties !== undefined)?.items;
    return [row, ...rowsOf(part, key), ...(shard === undefined ? [] : rowsOf(shard, `${key}[]`))];
  });
}

function defaultOf(part: Schema, isRequired: boolean): string {
  if (part.properties !== undefined || part.default === undefined) return isRequired ? 'required' : '';
  return code(Array.isArray(part.default) ? part.default.join(', ') : plain(part.default));
}

function valuesOf(part: Schema): string {
  if (part.const !== undefined) return code(plain(part.const));
  if (part.enum !== undefined) return part.enum.map((value) => code(plain(value))).join(', ');
  if (part.anyOf !== undefined) return part.anyOf.map(valuesOf).join(' or ');
  if (part.type === 'array') return 'list';
  if (part.type === 'object') return 'mapping';
  const bounds = [part.minimum, part.maximum].filter((bound) => bound !== undefined);
  return bounds.length === 2 ? bounds.join(' to ') : (TYPES.get(part.type ?? '') ?? '');
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const TYPES = new Map([
  ['string', 'text'],
  ['integer', 'whole number'],
  ['number', 'number'],
]);

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

main(process.argv.includes('--check'));
