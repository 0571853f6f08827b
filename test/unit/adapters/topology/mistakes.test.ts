import { describe, expect, test } from '@jest/globals';
import { readTopology } from '../../../../src/adapters/topology/read.ts';
import { brief, mistakesIn, SMALL, withLines, withShards } from '../../../support/topology-file.ts';

describe('a mistake in a value', () => {
  test.each([
    ['version: "1"', '1:10 `version` is not right. ["1"] `1`'],
    ['version: 2', '1:10 `version` is not right. [2] `1`'],
    ['version:', '1:9 `version` is empty. [] `1`'],
  ])('%s', (line, mistake) => {
    expect(mistakesIn(SMALL.replace('version: 1', line)).map(brief)).toEqual([mistake]);
  });

  const clusterName = 'a name: lower-case letters, digits, hyphens and dots, at most 200 characters';
  test.each([
    ['name: A_b', `5:7 \`name\` is not right. [A_b] ${clusterName}`],
    ['name: a..b', `5:7 \`name\` is not right. [a..b] ${clusterName}`],
    ['name: a.-b', `5:7 \`name\` is not right. [a.-b] ${clusterName}`],
    ['name: ../a', `5:7 \`name\` is not right. [../a] ${clusterName}`],
    ['name: 12', `5:7 \`name\` is not right. [12] ${clusterName}`],
    ['state: gone', '5:8 `state` is not right. [gone] `present` or `absent`'],
    ['replicasPerShard: -1', '5:19 `replicasPerShard` is not right. [-1] a whole number from 0 to 999'],
    ['replicasPerShard: 1.5', '5:19 `replicasPerShard` is not right. [1.5] a whole number from 0 to 999'],
    ['tolerance: 2', '5:12 `tolerance` is not right. [2] a percentage such as 2%, or a fraction below 1'],
    ['tolerance: 100%', '5:12 `tolerance` is not right. [100%] a percentage such as 2%, or a fraction below 1'],
    ['tolerance: -1%', '5:12 `tolerance` is not right. [-1%] a percentage such as 2%, or a fraction below 1'],
    ['tolerance: .nan', '5:12 `tolerance` is not right. [.nan] a percentage such as 2%, or a fraction below 1'],
    ['placement:', '5:11 `placement` is empty. [] a mapping'],
    ['placement: spread', '5:12 `placement` is not right. [spread] a mapping'],
    ['placement: {spreadBy: zone}', '5:23 `placement.spreadBy` is not right. [zone] a list of labels'],
    ['placement: {spreadBy: [a, a]}', '5:23 `placement.spreadBy` is not right. [[a, a]] each label once'],
    [
      'placement: {spreadBy: ["a b"]}',
      '5:24 `placement.spreadBy[0]` is not right. ["a b"] a label of Kubernetes nodes',
    ],
    ['placement: {whenUnsatisfiable: no}', '5:32 `placement.whenUnsatisfiable` is not right. [no] `warn` or `fail`'],
    ['volumes: {onScaleDown: keep}', '5:24 `volumes.onScaleDown` is not right. [keep] `retain` or `delete`'],
    ['migration: {method: fast}', '5:21 `migration.method` is not right. [fast] `auto` or `atomic` or `classic`'],
    [
      'migration: {maxLatency: 20}',
      '5:25 `migration.maxLatency` is not right. [20] a duration from 1ms to 60s, such as 20ms or 1s',
    ],
    [
      'migration: {maxLatency: 61s}',
      '5:25 `migration.maxLatency` is not right. [61s] a duration from 1ms to 60s, such as 20ms or 1s',
    ],
    ['name: !secret x', '5:7 Unresolved tag: !secret. [name: !secret x] a plain value'],
  ])('%s', (line, mistake) => {
    expect(mistakesIn(withLines(line)).map(brief)).toEqual([mistake]);
  });

  test.each([
    ['three', '3:9 `shards` is not right. [three] a whole number from 1 to 1000 or a list'],
    ['0', '3:9 `shards` is not right. [0] a whole number from 1 to 1000'],
    ['2.5', '3:9 `shards` is not right. [2.5] a whole number from 1 to 1000 or a list'],
    ['1e300', '3:9 `shards` is not right. [1e300] a whole number from 1 to 1000'],
    ['.inf', '3:9 `shards` is not right. [.inf] a whole number from 1 to 1000 or a list'],
    ['[]', '3:9 `shards` is not right. [[]] at least one shard'],
    ['[5]', '3:10 `shards[0]` is not right. [5] a mapping'],
    ['[{}]', '3:10 `shards[0]` is not right. [{}] either `weight` or `slots`'],
    ['[{weight: 1, slots: 1}]', '3:10 `shards[0]` is not right. [{weight: 1, slots: 1}] either `weight` or `slots`'],
    ['[{weight: 0}]', '3:19 `shards[0].weight` is not right. [0] a number above 0, at most 1000000'],
    ['[{weight: "2"}]', '3:19 `shards[0].weight` is not right. ["2"] a number above 0, at most 1000000'],
    ['[{slots: [1]}]', '3:18 `shards[0].slots` is not right. [[1]] text with slots from 0 to 16383, such as 0-99,200'],
  ])('shards: %s', (shards, mistake) => {
    const text = `version: 1\nkubernetes: {statefulSet: a}\nshards: ${shards}\n`;
    expect(mistakesIn(text).map(brief)).toEqual([mistake]);
  });

  test.each([
    ['/etc/redis', 'stands outside'],
    ['../secrets', 'climbs'],
    ['manifests/../../secrets', 'climbs later'],
    ['..', 'is the folder above'],
    ['C:/manifests', 'names a drive'],
    ['"manifests\\\\redis.yaml"', 'has backslashes'],
    ['"a\\0b"', 'holds a control character'],
    ['""', 'is empty'],
  ])('a path of manifests that is %s: it %s', (path) => {
    const text = `version: 1\nkubernetes:\n  statefulSet: a\n  manifests: ${path}\nshards: 3\n`;
    expect(mistakesIn(text).map(({ line, column, expected }) => ({ line, column, expected }))).toEqual([
      { line: 4, column: 14, expected: 'a path below the workspace, with forward slashes' },
    ]);
  });

  test('a StatefulSet whose name is too long for its pods', () => {
    const fits = 'a'.repeat(52);
    expect(mistakesIn(SMALL.replace('redis-cluster', fits))).toEqual([]);
    expect(mistakesIn(SMALL.replace('redis-cluster', `${fits}a`)).map(({ line, column }) => [line, column])).toEqual([
      [3, 16],
    ]);
  });

  test('a value is shown on one line and cut', () => {
    const [mistake] = mistakesIn(withLines(`name: "${'long '.repeat(40)}"`));
    expect(mistake?.value).toHaveLength(60);
    expect(mistake?.value).toMatch(/^"long long .*…$/);
  });
});

describe('a mistake in a key', () => {
  const top = 'version, name, state, kubernetes, shards, replicasPerShard, tolerance, placement, volumes, migration';
  test.each([
    [
      'replicaPerShard: 1',
      `5:1 Unknown key "replicaPerShard". Did you mean "replicasPerShard"? [replicaPerShard] ${top}`,
    ],
    ['replicas: 1', `5:1 Unknown key "replicas". Did you mean "replicasPerShard"? [replicas] ${top}`],
    ['namespace: a', `5:1 Unknown key "namespace". It belongs under \`kubernetes\`. [namespace] ${top}`],
    ['colour: red', `5:1 Unknown key "colour". [colour] ${top}`],
    ['__proto__: {a: 1}', `5:1 Unknown key "__proto__". [__proto__] ${top}`],
    ['5: 1', `5:1 Unknown key "5". [5] ${top}`],
    [
      'placement: {spreadby: []}',
      '5:13 Unknown key "spreadby". Did you mean "spreadBy"? [spreadby] spreadBy, whenUnsatisfiable',
    ],
    [
      'migration: {shards: 3}',
      '5:13 Unknown key "shards". It belongs to the top of the file. [shards] method, maxLatency',
    ],
    ['volumes: {<<: {onScaleDown: delete}}', '5:11 Unknown key "<<". [<<] onScaleDown'],
    ['shards: 4', '5:1 The key "shards" already stands in line 4. [shards] each key once'],
  ])('%s', (line, mistake) => {
    expect(mistakesIn(withLines(line)).map(brief)).toEqual([mistake]);
  });

  test('a key of a shard', () => {
    expect(mistakesIn(withShards('  - wieght: 2')).map(({ line, column, message }) => [line, column, message])).toEqual(
      [[4, 5, 'Unknown key "wieght". Did you mean "weight"?']],
    );
  });

  test.each([
    ['version', 'kubernetes: {statefulSet: a}\nshards: 3', '1:1 `version` is missing. [] `1`'],
    ['kubernetes', 'version: 1\nshards: 3', '1:1 `kubernetes` is missing. [] a mapping'],
    [
      'shards',
      'version: 1\nkubernetes: {statefulSet: a}',
      '1:1 `shards` is missing. [] a number of shards, such as `shards: 3`',
    ],
    [
      'statefulSet',
      'version: 1\nkubernetes:\n  port: 1\nshards: 3',
      `3:3 \`kubernetes.statefulSet\` is missing. [] the name of a StatefulSet: lower-case letters, digits and hyphens, at most 52 characters`,
    ],
  ])('%s is missing', (_, text, mistake) => {
    expect(mistakesIn(text).map(brief)).toEqual([mistake]);
  });
});

describe('several mistakes', () => {
  test('are all given at once, in the order of the file, whatever their kind', () => {
    const text = `version: 2
name: Sessions
kubernetes:
  namespace: cache
  statefulset: redis
  port: 70000
shards:
  - slots: "0-100"
  - slots: "100-200"
  - slots: "9-1"
  - weight: -1
replicasPerShard: many
tolerance: 2%
tolerance: 3%
migration:
  maxLatency: 20 ms
`;
    expect(mistakesIn(text).map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([
      '1:10 `version` is not right.',
      '2:7 `name` is not right.',
      '4:3 `kubernetes.statefulSet` is missing.',
      '5:3 Unknown key "statefulset". Did you mean "statefulSet"?',
      '6:9 `kubernetes.port` is not right.',
      '9:12 `shards[0]` has slots 100 too.',
      '10:12 The range 9-1 ends before it begins.',
      '11:13 `shards[3].weight` is not right.',
      '12:19 `replicasPerShard` is not right.',
      '14:1 The key "tolerance" already stands in line 13.',
      '16:15 `migration.maxLatency` is not right.',
    ]);
  });

  test('name the file', () => {
    const read = readTopology('version: 2', 'clusters/a.yaml');
    expect(read.kind === 'mistakes' && read.mistakes.every(({ file }) => file === 'clusters/a.yaml')).toBe(true);
  });

  test('end where nobody reads on', () => {
    const mistakes = mistakesIn(withLines(Array.from({ length: 1000 }, (_, i) => `key${i}: 1`).join('\n')));
    expect(mistakes).toHaveLength(200);
    expect(mistakes.at(-1)?.message).toBe('801 more mistakes follow from here.');
  });
});
