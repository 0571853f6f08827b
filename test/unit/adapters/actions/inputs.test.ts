import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { readInputs } from '../../../../src/adapters/actions/inputs.ts';
import { readOccasion } from '../../../../src/adapters/actions/occasion.ts';
import { Secrets } from '../../../../src/adapters/actions/secrets.ts';
import { asFailure, type Failure } from '../../../../src/core/failure.ts';
import type { Occasion, Request } from '../../../../src/core/request.ts';

type Inputs = Readonly<Record<string, string>>;

/** A home without a kubeconfig. */
const HOME = join(import.meta.dirname, 'no-such-home');

function environment(inputs: Inputs): Record<string, string> {
  const variables = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  return { HOME, ...Object.fromEntries(variables) };
}

function request(
  inputs: Inputs,
  event: string | Occasion = 'workflow_dispatch',
  warn: (text: string) => void = () => {},
): Request {
  const env = environment(inputs);
  const occasion = typeof event === 'string' ? readOccasion({ GITHUB_EVENT_NAME: event }) : event;
  return readInputs(env, occasion, new Secrets(env), warn);
}

function refusal(inputs: Inputs): Failure {
  try {
    request(inputs);
  } catch (thrown) {
    return asFailure(thrown);
  }
  throw new Error('The inputs were taken.');
}

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIBVQIBADANBgkqhkiG9w0B\n-----END PRIVATE KEY-----';

const DEFAULTS: Request = {
  command: 'plan',
  topology: ['topology.yaml'],
  kubeconfig: null,
  context: null,
  connect: 'auto',
  redis: { username: null, password: null, tls: null },
  allow: [],
  requireApprovedPlan: false,
  approvedPlan: null,
  comment: true,
  driftIssue: true,
  failOnDrift: false,
  lockTimeout: 600_000,
  timeout: 3_600_000,
  token: null,
};

describe('inputs', () => {
  test('that are not given have their defaults', () => {
    expect(request({})).toEqual(DEFAULTS);
  });

  test('of action.yml have the same defaults, and the program asks for each of them', () => {
    const action = z
      .object({ inputs: z.record(z.string(), z.object({ default: z.string() })) })
      .parse(parse(readFileSync(join(import.meta.dirname, '../../../../action.yml'), 'utf8')));
    const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default]);
    const warnings: string[] = [];
    const { 'github-token': token, ...rest } = Object.fromEntries(defaults);
    expect(token).toMatch(/^\$\{\{ github\.token \}\}$/);
    expect(request({ ...rest, 'github-token': '' }, 'workflow_dispatch', (text) => warnings.push(text))).toEqual(
      DEFAULTS,
    );
    expect(warnings).toEqual([]);
  });

  test.each([
    ['pull_request', 'plan', false],
    ['pull_request_target', 'plan', false],
    ['push', 'apply', true],
    ['schedule', 'drift', false],
    ['workflow_dispatch', 'plan', false],
    ['merge_group', 'plan', true],
    ['workflow_run', 'plan', true],
    ['issues', 'plan', false],
    ['', 'plan', false],
  ])('on %j mean %s, with approval %j', (event, command, requireApprovedPlan) => {
    expect(request({}, event)).toMatchObject({ command, requireApprovedPlan });
  });

  test.each<[string, Inputs, Partial<Request>]>([
    ['a command', { command: 'status' }, { command: 'status' }],
    ['topologies on lines', { topology: 'a.yaml\r\n\n  b/*.yaml \n' }, { topology: ['a.yaml', 'b/*.yaml'] }],
    ['a file with blanks in its name', { topology: 'my file.yaml' }, { topology: ['my file.yaml'] }],
    ['a context', { context: 'prod' }, { context: 'prod' }],
    ['a connection', { connect: 'port-forward' }, { connect: 'port-forward' }],
    ['one word', { allow: 'destroy' }, { allow: ['destroy'] }],
    [
      'words with commas, blanks and lines',
      { allow: ' destroy, delete-volumes\nassign-lost-slots  forget-unknown-nodes' },
      { allow: ['destroy', 'delete-volumes', 'assign-lost-slots', 'forget-unknown-nodes'] },
    ],
    ['approval', { 'require-approved-plan': 'true' }, { requireApprovedPlan: true }],
    ['a hash', { 'approved-plan': '0123456789ab' }, { approvedPlan: '0123456789ab' }],
    [
      'flags',
      { comment: 'false', 'drift-issue': 'false', 'fail-on-drift': 'true' },
      { comment: false, driftIssue: false, failOnDrift: true },
    ],
    ['durations', { 'lock-timeout': '30s', timeout: '2h' }, { lockTimeout: 30_000, timeout: 7_200_000 }],
  ])('may hold %s', (_, inputs, expected) => {
    expect(request(inputs)).toEqual({ ...DEFAULTS, ...expected });
  });

  test('hold TLS only where it is asked for', () => {
    const { redis } = request({ 'redis-tls': 'true', 'redis-ca': PEM, 'redis-server-name': 'redis.local' });
    expect(redis.tls).toEqual({ ca: PEM, cert: null, key: null, serverName: 'redis.local' });
  });

  test('hold a password with its blanks, and without the line end of the file that it was in', () => {
    expect(request({ 'redis-password': ' with blanks \n' }).redis.password?.reveal()).toBe(' with blanks ');
  });

  test('that there are not are told', () => {
    const warnings: string[] = [];
    request({ 'fail-on-drfit': 'true' }, 'schedule', (text) => warnings.push(text));
    expect(warnings).toEqual(['There is no input `fail-on-drfit`; docs/inputs-outputs.md lists every input.']);
  });
});

describe('a mistake in an input', () => {
  test.each([
    ['command', 'destroy', 'The input `command` is "destroy"; expected: plan, apply, drift, status, auto.'],
    ['connect', 'tunnel', 'The input `connect` is "tunnel"; expected: auto, direct, port-forward.'],
    ['comment', 'yes', 'The input `comment` is "yes"; expected: true, false.'],
    ['comment', 'True', 'The input `comment` is "True"; expected: true, false.'],
    ['require-approved-plan', '1', 'The input `require-approved-plan` is "1"; expected: auto, true, false.'],
    [
      'approved-plan',
      'ABC',
      'The input `approved-plan` is "ABC"; expected: the 12 hex digits that a plan shows as its hash.',
    ],
    ['timeout', '10', 'The input `timeout` is "10"; expected: a duration such as 30s, 10m or 1h, at most 24h.'],
    ['timeout', '0s', 'The input `timeout` is "0s"; expected: a duration such as 30s, 10m or 1h, at most 24h.'],
    ['timeout', '25h', 'The input `timeout` is "25h"; expected: a duration such as 30s, 10m or 1h, at most 24h.'],
    [
      'lock-timeout',
      '1.5m',
      'The input `lock-timeout` is "1.5m"; expected: a duration such as 30s, 10m or 1h, at most 24h.',
    ],
    ['redis-username', 'app', 'The input `redis-username` is given and `redis-password` is not: they belong together.'],
    ['redis-server-name', 'a', 'The input `redis-server-name` does nothing without `redis-tls: true`.'],
  ])('%s: %s', (name, value, mistake) => {
    expect(refusal({ [name]: value })).toMatchObject({
      code: 'invalid-input',
      message: `Cannot begin: ${mistake}`,
      details: [mistake],
    });
  });

  test('of words names the wrong one', () => {
    expect(refusal({ allow: 'destroy everything' }).details).toEqual([
      'The input `allow` is "everything"; expected: destroy, delete-volumes, forget-unknown-nodes, assign-lost-slots.',
    ]);
  });

  test('is none where a run of a fork has no secrets, and what stands in the workflow in clear is left alone', () => {
    const foreign = { number: 7, foreign: true, closed: false, merged: false };
    const occasion = { ...readOccasion({ GITHUB_EVENT_NAME: 'pull_request' }), base: 'b', pullRequest: foreign };
    const inputs = { 'redis-username': 'app', 'redis-cert': PEM, 'redis-server-name': 'redis.local' };
    expect(request(inputs, occasion)).toMatchObject({ command: 'plan', redis: { password: null, tls: null } });
    expect(request({ ...inputs, 'redis-tls': 'true' }, occasion).redis.tls).toMatchObject({ cert: PEM, key: null });
    expect(() => request(inputs, { ...occasion, pullRequest: { ...foreign, foreign: false } })).toThrow('and 3 more');
  });

  test('does not show what may be a secret', () => {
    const failure = refusal({ 'redis-tls': 'true', 'redis-cert': PEM, 'redis-key': 'my-key-in-clear' });
    expect(failure.details).toEqual([
      'The input `redis-key` is no PEM; expected: its content, from -----BEGIN to -----END.',
    ]);
  });

  test('is told together with all others', () => {
    const failure = refusal({ command: 'go', timeout: 'long', comment: 'maybe', 'redis-cert': PEM });
    expect(failure.message).toMatch(/\(and 4 more\)$/);
    expect(failure.details).toEqual([
      'The input `command` is "go"; expected: plan, apply, drift, status, auto.',
      'The input `redis-cert` is given and `redis-key` is not: they belong together.',
      'The input `redis-cert` does nothing without `redis-tls: true`.',
      'The input `comment` is "maybe"; expected: true, false.',
      'The input `timeout` is "long"; expected: a duration such as 30s, 10m or 1h, at most 24h.',
    ]);
  });
});
