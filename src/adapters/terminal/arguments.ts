import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Failure } from '../../core/failure.ts';
import { ALLOW_WORDS, COMMANDS, type Command } from '../../core/request.ts';

/** What somebody at a terminal asked for. */
export type Call =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'run';
      readonly command: Command;
      /** Apply without asking. */
      readonly yes: boolean;
      readonly json: boolean;
      /** The inputs of the action that the options stand for: `INPUT_NAME` → value. */
      readonly inputs: Readonly<Record<string, string>>;
    };

/** Options that are inputs of the action, too. */
const WORDS = [
  'kubeconfig',
  'context',
  'connect',
  'redis-username',
  'redis-server-name',
  'approved-plan',
  'lock-timeout',
  'timeout',
] as const;
const FILES = ['redis-ca', 'redis-cert', 'redis-key'] as const;
const FLAGS = ['redis-tls', 'fail-on-drift'] as const;

export const HELP = `Runs Redis Cluster on Kubernetes from a topology file.

  redis-cluster-topology plan   [FILE…]   shows what an apply would do
  redis-cluster-topology apply  [FILE…]   shows it, asks, and does it
  redis-cluster-topology drift  [FILE…]   says whether the cluster is as declared
  redis-cluster-topology status [FILE…]   shows every member

FILE is a topology file or a glob of them; without one it is topology.yaml.

  -y, --yes                  apply without asking
      --json                 print one JSON document; words go to standard error
      --allow WORD           ${ALLOW_WORDS.join(', ')}; may be repeated
      --approved-plan HASH   apply only exactly this plan, or what is left of it
      --fail-on-drift        exit status 1 when drift finds some

      --kubeconfig FILE      else KUBECONFIG, ~/.kube/config, or the pod's service account
      --context NAME         of the kubeconfig
      --connect WAY          auto, direct or port-forward
      --redis-username NAME  the password is taken from REDISCLI_AUTH
      --redis-tls            with --redis-ca, --redis-cert, --redis-key FILE and --redis-server-name NAME
      --lock-timeout 10m     how long to wait for another apply
      --timeout 60m          after this time an apply stops at the next safe point

  -h, --help

Exit status: 0, or 1 for refused and failed, and for drift with --fail-on-drift. NO_COLOR turns colours off.
`;

/**
 * Throws Failure `invalid-input` for what is no call.
 * @param args without the program's own name
 */
export function readArguments(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Call {
  const { values, positionals } = parsed(args);
  if (values['help'] === true) return { kind: 'help' };
  const [word, ...files] = positionals;
  const command = COMMANDS.find((one) => one === word);
  if (command === undefined) {
    throw wrong(word === undefined ? 'There is no command.' : `"${word}" is no command.`);
  }
  const inputs = new Map<string, string>([['topology', files.join('\n')]]);
  const give = (name: string, value: unknown): void => {
    if (typeof value === 'string' || value === true) inputs.set(name, String(value));
  };
  for (const name of [...WORDS, ...FLAGS]) give(name, values[name]);
  for (const name of FILES) give(name, contentOf(name, values[name]));
  if (Array.isArray(values['allow'])) give('allow', values['allow'].join(' '));
  give('redis-password', env['REDISCLI_AUTH']);
  return {
    kind: 'run',
    command,
    yes: values['yes'] === true,
    json: values['json'] === true,
    inputs: Object.fromEntries(Array.from(inputs, ([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
  };
}

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

function parsed(args: readonly string[]): Parsed {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...Object.fromEntries([...WORDS, ...FILES].map((name) => [name, text])),
        ...Object.fromEntries(FLAGS.map((name) => [name, flag])),
        allow: { type: 'string', multiple: true },
        yes: { type: 'boolean', short: 'y' },
        json: flag,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw wrong(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function contentOf(name: string, path: unknown): string | null {
  if (typeof path !== 'string') return null;
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw wrong(`The file "${path}" of --${name} cannot be read.`, cause);
  }
}

function wrong(what: string, cause?: unknown): Failure {
  return new Failure('invalid-input', what, { remedy: 'See redis-cluster-topology --help.', cause });
}
