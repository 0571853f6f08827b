import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { readInputs } from '../../../../src/adapters/actions/inputs.ts';
import { readOccasion } from '../../../../src/adapters/actions/occasion.ts';
import { Secrets } from '../../../../src/adapters/actions/secrets.ts';
import { cell, code, prose } from '../../../../src/report/escape.ts';

const KEY = '-----BEGIN PRIVATE KEY-----\nMIIBVQIBADANBgkqhkiG9w0B\nAQEFAASCAT8w\nAB==\n-----END PRIVATE KEY-----';
const KUBECONFIG = `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: https://kube.example:6443}}]
users:
  - name: u
    user: {token: token-of-the-cluster, client-key-data: ${Buffer.from('key-of-the-client').toString('base64')}}
  - name: v
    user: {auth-provider: {name: oidc, config: {refresh-token: token-to-refresh, client-id: kubectl}}}
`;

let root: string;
let printed: string[];

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'secrets-')));
});

afterAll(async () => {
  await rm(root, { recursive: true });
});

beforeEach(() => {
  printed = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed.push(String(chunk));
    return true;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

function masks(): readonly string[] {
  return printed.flatMap((text) => text.split(/\r?\n/)).flatMap((line) => /^::add-mask::(.*)$/.exec(line)?.[1] ?? []);
}

/** Reads inputs as on GitHub, with a home of their own. */
function read(env: Readonly<Record<string, string>>, event = 'push', base: string | null = null): Secrets {
  const all = { HOME: join(root, 'no-home'), GITHUB_ACTIONS: 'true', ...env };
  const secrets = new Secrets(all);
  readInputs(all, { ...readOccasion({ GITHUB_EVENT_NAME: event }), base }, secrets, () => {});
  return secrets;
}

describe('a secret', () => {
  test.each([
    'p_ss*word#1',
    'Xk9@mail$Zq',
    'aB<c>&d12345',
    'a|b`c12345',
    '-starts-with-dash',
    'https://u:p@host',
    'a.b+c(d)',
  ])('is taken out of Markdown, too, where it is written with marks: %s', (password) => {
    const secrets = read({ 'INPUT_REDIS-PASSWORD': password });
    const said = `upstream said "AUTH ${password}"`;
    for (const text of [cell(said), code(said), prose(said)]) {
      const clean = secrets.redact(text);
      expect(clean).toContain('***');
      expect(clean).toMatch(/^\W*upstream said \S*AUTH /);
      expect(clean.replaceAll(/[\\\u200B]/g, '').length).toBeLessThan('`upstream said "AUTH ***"`'.length + 2);
    }
  });

  test('is masked in each form in which it may slip out, and taken out of every text', () => {
    const secrets = read({ 'INPUT_REDIS-PASSWORD': 'p@ss "word"' });
    const forms = ['p@ss "word"', 'p%40ss%20%22word%22', 'cEBzcyAid29yZCI=', 'p@ss \\"word\\"'];
    expect(masks()).toEqual(expect.arrayContaining(forms.map((form) => form.replaceAll('%', '%25'))));
    expect(secrets.redact(`before ${forms.join(' | ')} after`)).toBe('before *** | *** | *** | *** after');
  });

  test('of many lines is masked line by line, and also where it is printed as one', () => {
    const cert = KEY.replaceAll('PRIVATE KEY', 'CERTIFICATE');
    const secrets = read({ 'INPUT_REDIS-TLS': 'true', 'INPUT_REDIS-KEY': KEY, 'INPUT_REDIS-CERT': cert });
    expect(masks()).toEqual(expect.arrayContaining(['MIIBVQIBADANBgkqhkiG9w0B', 'AQEFAASCAT8w']));
    expect(masks()).not.toContain('AB==');
    expect(secrets.redact(KEY)).toBe('***');
    expect(secrets.redact('line AQEFAASCAT8w of it')).toBe('line *** of it');
  });

  test('is masked before an input is found to be wrong', () => {
    expect(() => read({ 'INPUT_REDIS-PASSWORD': 'hunter22', INPUT_COMMAND: 'nonsense' })).toThrow('nonsense');
    expect(masks()).toContain('hunter22');
  });

  test('is masked once', () => {
    read({ 'INPUT_REDIS-PASSWORD': 'hunter22', 'INPUT_GITHUB-TOKEN': 'hunter22' });
    expect(masks().filter((mask) => mask === 'hunter22')).toHaveLength(1);
  });

  test('is not printed for a mask where nobody reads masks', () => {
    const secrets = read({ GITHUB_ACTIONS: '', 'INPUT_REDIS-PASSWORD': 'hunter22' });
    expect(printed).toEqual([]);
    expect(secrets.redact('hunter22')).toBe('***');
  });

  test('that others contain does not leave a rest of them', () => {
    const secrets = read({ 'INPUT_REDIS-PASSWORD': 'word', 'INPUT_GITHUB-TOKEN': 'wordword-and-more' });
    expect(secrets.redact('a wordword-and-more b word')).toBe('a *** b ***');
  });

  test.each(['app', 'default'])('is what a log does not show of the user %s, outputs do', (username) => {
    const secrets = read({ 'INPUT_REDIS-PASSWORD': 'hunter22', 'INPUT_REDIS-USERNAME': username });
    expect(masks().includes(username)).toBe(username !== 'default');
    expect(secrets.redact(`${username}-0`)).toBe(`${username}-0`);
  });
});

describe('the credentials of a kubeconfig', () => {
  const credentials = ['token-of-the-cluster', 'key-of-the-client', 'token-to-refresh'];

  test('that is the input are masked, the rest is not', () => {
    const secrets = read({ INPUT_KUBECONFIG: KUBECONFIG });
    expect(masks()).toEqual(expect.arrayContaining(credentials));
    expect(secrets.redact(credentials.join(' '))).toBe('*** *** ***');
    expect(secrets.redact('https://kube.example:6443 kubectl')).toBe('https://kube.example:6443 kubectl');
  });

  test('that a program is given to log in are masked by what they are called', () => {
    const exec = {
      command: 'login',
      args: ['get-token', '--client-secret=secret-as-option', '--token', 'token-as-argument', '--token-mode=iam', '-v'],
      env: [
        { name: 'AWS_SECRET_ACCESS_KEY', value: 'secret-of-the-cloud' },
        { name: 'AWS_REGION', value: 'eu-central-1' },
      ],
    };
    const secrets = read({ INPUT_KUBECONFIG: JSON.stringify({ users: [{ name: 'u', user: { exec } }] }) });
    const given = ['secret-as-option', 'token-as-argument', 'secret-of-the-cloud'];
    expect(masks()).toEqual(expect.arrayContaining(given));
    expect(secrets.redact(`${given.join(' ')} iam eu-central-1 get-token -v`)).toBe(
      '*** *** *** iam eu-central-1 get-token -v',
    );
  });

  test.each([
    ['in base64', Buffer.from(KUBECONFIG).toString('base64')],
    ['left out, with a bare token in its place,', `eyJhbGciOi.${'c2VjcmV0'.repeat(5)}`],
  ])('%s are masked as a whole', (_what, given) => {
    const secrets = read({ INPUT_KUBECONFIG: given });
    expect(masks()).toContain(given);
    expect(secrets.redact(`cannot open ${given}`)).toBe('cannot open ***');
  });

  test('that the input names are masked', async () => {
    await writeFile(join(root, 'named'), KUBECONFIG);
    read({ INPUT_KUBECONFIG: join(root, 'named') });
    expect(masks()).toEqual(expect.arrayContaining(credentials));
  });

  test('that KUBECONFIG names are masked, of each of its files', async () => {
    await writeFile(join(root, 'first'), KUBECONFIG);
    await writeFile(join(root, 'second'), 'users: [{user: {password: second-password}}]');
    read({ KUBECONFIG: `${join(root, 'first')}:${join(root, 'gone')}:${join(root, 'second')}` });
    expect(masks()).toEqual(expect.arrayContaining([...credentials, 'second-password']));
  });

  test('of the home are masked', async () => {
    await mkdir(join(root, 'home/.kube'), { recursive: true });
    await writeFile(join(root, 'home/.kube/config'), KUBECONFIG);
    read({ HOME: join(root, 'home') });
    expect(masks()).toEqual(expect.arrayContaining(credentials));
  });

  test.each([
    ['is no YAML', 'users: [}'],
    ['contains itself', 'a: &a\n  b: *a\nusers: [{user: {token: some-token}}]'],
    ['is a list of nothing', '[]\n[]'],
  ])('that %s break nothing', (_, text) => {
    expect(() => read({ INPUT_KUBECONFIG: `${text}\n` })).not.toThrow();
  });
});

describe('a kubeconfig among files that are not merged', () => {
  let workspace: string;

  beforeAll(async () => {
    workspace = join(root, 'workspace');
    await mkdir(workspace);
    await writeFile(join(workspace, 'config'), KUBECONFIG);
    await symlink(join(workspace, 'config'), join(root, 'link-into-workspace'));
    await writeFile(join(root, 'outside'), KUBECONFIG);
  });

  test.each([
    ['the input', (path: string) => ({ INPUT_KUBECONFIG: path })],
    ['KUBECONFIG', (path: string) => ({ KUBECONFIG: path })],
  ])('is refused where %s names it', (_, naming) => {
    for (const path of [join(workspace, 'config'), join(root, 'link-into-workspace')]) {
      const env = { GITHUB_WORKSPACE: workspace, ...naming(path) };
      for (const event of ['pull_request', 'pull_request_target', 'merge_group', 'push', 'workflow_run']) {
        expect(() => read(env, event, 'main')).toThrow(
          `Refused: the kubeconfig ${path} lies in the workspace, where files are that nobody has merged yet.`,
        );
      }
      expect(() => read(env, 'push')).not.toThrow();
    }
    const outside = { GITHUB_WORKSPACE: workspace, ...naming(join(root, 'outside')) };
    expect(() => read(outside, 'pull_request', 'main')).not.toThrow();
  });
});
