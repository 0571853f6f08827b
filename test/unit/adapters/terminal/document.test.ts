import { expect, test } from '@jest/globals';
import { documentOf } from '../../../../src/adapters/terminal/document.ts';
import { terminalRunner } from '../../../../src/adapters/terminal/runner.ts';
import { FakeTerminal } from './fake-terminal.ts';

test('one document has the clusters of all files, their plans, and what status has seen', async () => {
  const runners = ['cache', 'sessions'].map((name) => {
    const runner = terminalRunner({ stream: new FakeTerminal() });
    runner.output('clusters', JSON.stringify([{ cluster: name, result: 'planned' }]));
    return runner;
  });
  await runners[0]?.keep('plan-cache.json', '{"hash":"1"}');
  await runners[1]?.keep('status-sessions.json', '{"members":[]}');
  expect(documentOf(runners)).toEqual({
    clusters: [
      { cluster: 'cache', result: 'planned' },
      { cluster: 'sessions', result: 'planned' },
    ],
    plans: { 'plan-cache.json': { hash: '1' } },
    statuses: { 'status-sessions.json': { members: [] } },
  });
});

test('a run that came to nothing has an empty one', () => {
  expect(documentOf([])).toEqual({ clusters: [], plans: {}, statuses: {} });
});
