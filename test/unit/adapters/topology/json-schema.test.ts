import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { mistakesIn, SMALL, withLines, withShards } from '../../../support/topology-file.ts';

const path = join(import.meta.dirname, '../../../../schema/topology.schema.json');
const accepts = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(path, 'utf8')));

/** What an editor with the schema says is what the action says, as far as a schema can tell. */
describe('the JSON schema for editors and the action agree on', () => {
  test.each([
    ['the least file', SMALL, true],
    ['an absent cluster', 'version: 1\nstate: absent\nkubernetes: {statefulSet: a}', true],
    ['no shards', 'version: 1\nkubernetes: {statefulSet: a}', false],
    ['weights and slots', withShards('  - weight: 2\n  - slots: "0-99,200"\n  - slots: 300'), true],
    ['a shard with both', withShards('  - {weight: 2, slots: 5}'), false],
    ['a shard with neither', withShards('  - {}'), false],
    ['a shard with a misspelt key', withShards('  - wieght: 2'), false],
    ['a weight of 0', withShards('  - weight: 0'), false],
    ['an unknown key', withLines('replicas: 1'), false],
    ['an unknown key deeper', withLines('placement: {spread: []}'), false],
    ['a tolerance as fraction', withLines('tolerance: 0.05'), true],
    ['a tolerance of 2', withLines('tolerance: 2'), false],
    ['a name with capitals', withLines('name: A'), false],
    ['a latency without unit', withLines('migration: {maxLatency: 20}'), false],
    ['a latency', withLines('migration: {maxLatency: 20ms}'), true],
    ['manifests below', SMALL.replace('redis-cluster', 'a\n  manifests: ./deploy/redis.yaml'), true],
    ['manifests above', SMALL.replace('redis-cluster', 'a\n  manifests: a/../../b'), false],
    ['another version', SMALL.replace('1', '2'), false],
  ])('%s', (_, text, isRight) => {
    expect(accepts(parse(text))).toBe(isRight);
    expect(mistakesIn(text).length === 0).toBe(isRight);
  });
});
