import { expect, test } from '@jest/globals';
import { mayNotRead } from '../../../src/core/versions.ts';

type Software = 'redis' | 'valkey';

const CASES: readonly (readonly [
  donor: readonly [Software, string],
  receiver: readonly [Software, string],
  mayRefuse: boolean,
])[] = [
  [['redis', '7.0.15'], ['redis', '7.0.4'], false],
  [['redis', '7.0.15'], ['redis', '8.0.2'], false],
  [['redis', '8.0.2'], ['redis', '7.0.15'], true],
  [['redis', '8.6.3'], ['redis', '8.0.2'], true],
  [['redis', '8.10.0'], ['redis', '8.9.1'], true],
  [['redis', '7.0.15'], ['valkey', '8.1.1'], false],
  [['redis', '7.2.4'], ['valkey', '9.1.2'], false],
  [['redis', '7.4.0'], ['valkey', '9.1.2'], true],
  [['valkey', '8.1.1'], ['redis', '7.0.15'], true],
  [['valkey', '8.1.1'], ['redis', '7.2.4'], false],
  [['valkey', '9.1.2'], ['redis', '8.6.3'], true],
  [['valkey', '9.1.2'], ['valkey', '8.1.1'], true],
];

test.each(CASES)('what %j writes may be refused by %j: %j', ([from, donor], [to, receiver], mayRefuse) => {
  expect(mayNotRead({ software: to, version: receiver }, { software: from, version: donor })).toBe(mayRefuse);
});
