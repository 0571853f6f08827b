import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { readTopology } from '../../src/adapters/topology/read.ts';

const ROOT = join(import.meta.dirname, '../..');
const OWN = ['./', 'redis-cluster-topology/action@v1'];

const Workflow = z.looseObject({
  permissions: z.record(z.string(), z.string()),
  concurrency: z.looseObject({ group: z.string() }),
  jobs: z.record(
    z.string(),
    z.looseObject({
      permissions: z.record(z.string(), z.string()),
      'timeout-minutes': z.number(),
      steps: z.array(
        z.looseObject({ uses: z.string().optional(), with: z.record(z.string(), z.unknown()).optional() }),
      ),
    }),
  ),
});
const Inputs = z.object({ inputs: z.record(z.string(), z.unknown()) });

const FILES = ['.github/workflows', 'examples'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.yml'))
    .map((name) => `${folder}/${name}`),
);

describe.each(FILES)('%s', (file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const workflow = Workflow.parse(parse(text));
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test('gives permissions job by job', () => {
    expect(workflow.permissions).toEqual({});
  });

  test('pins every action of others by its commit, and says the version', () => {
    const lines = text.split('\n').filter((line) => /^[ -]*uses:/.test(line) && !OWN.some((own) => line.includes(own)));
    expect(lines.filter((line) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  test('keeps no credentials of the checkout', () => {
    const checkouts = steps.filter((step) => step.uses?.startsWith('actions/checkout@'));
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([]);
  });

  test('gives our action inputs that it has', () => {
    const { inputs } = Inputs.parse(parse(readFileSync(join(ROOT, 'action.yml'), 'utf8')));
    const given = steps.filter((step) => OWN.includes(step.uses ?? '')).flatMap((step) => Object.keys(step.with ?? {}));
    expect(given.filter((name) => !(name in inputs))).toEqual([]);
  });
});

test.each(['apply.yml', 'all-in-one.yml'])(
  'examples/%s carries out by hand the plan of a hash, as a refusal advises',
  (name) => {
    const text = readFileSync(join(ROOT, 'examples', name), 'utf8');
    expect(text).toMatch(/^ {2}workflow_dispatch:\n {4}inputs:\n {6}approved-plan:/m);
    expect(text).toMatch(/ approved-plan: \$\{\{ inputs\.approved-plan \}\}\n/);
    expect(text).toMatch(/ command: (apply|\$\{\{ inputs\.approved-plan && 'apply' \|\| 'auto' \}\})\n/);
  },
);

test('the topology of the examples has no mistakes', () => {
  const file = 'examples/topology.yaml';
  expect(readTopology(readFileSync(join(ROOT, file), 'utf8'), file).kind).toBe('topology');
});
