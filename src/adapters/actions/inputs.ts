import { existsSync, readFileSync } from 'node:fs';
import { Failure } from '../../core/failure.ts';
import type { Command, Request } from '../../core/request.ts';
import { Secret } from '../../core/secret.ts';
import type { Secrets } from './secrets.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const COMMANDS = ['plan', 'apply', 'drift', 'status', 'auto'] as const;
const CONNECTS = ['auto', 'direct', 'port-forward'] as const;
const ALLOWS = ['destroy', 'delete-volumes', 'forget-unknown-nodes', 'assign-lost-slots'] as const;
const YES_NO_AUTO = ['auto', 'true', 'false'] as const;
const YES_NO = ['true', 'false'] as const;

/**
 * Reads and checks every input; secrets are masked before anything else happens.
 * Throws Failure `invalid-input` with all mistakes at once.
 * @param event GitHub's name of the event: `auto` depends on it
 */
export function readInputs(env: Environment, event: string, secrets: Secrets): Request {
  const form = new Form(env);
  const password = secret(form.text('redis-password'), secrets);
  const key = secret(form.text('redis-key'), secrets);
  const token = secret(form.text('github-token'), secrets);
  const kubeconfig = kubeconfigOf(form.text('kubeconfig'), env, secrets);
  const command = commandOf(form.oneOf('command', COMMANDS, 'auto'), event);
  const approval = form.oneOf('require-approved-plan', YES_NO_AUTO, 'auto');
  const usesTls = form.flag('redis-tls', false);
  const request: Request = {
    command,
    topology: form.list('topology', /\r?\n/, ['topology.yaml']),
    kubeconfig,
    context: form.text('context'),
    connect: form.oneOf('connect', CONNECTS, 'auto'),
    redis: {
      username: form.text('redis-username'),
      password,
      tls: usesTls
        ? { ca: form.text('redis-ca'), cert: form.text('redis-cert'), key, serverName: form.text('redis-server-name') }
        : null,
    },
    allow: form.words('allow', ALLOWS),
    requireApprovedPlan: approval === 'auto' ? event === 'push' : approval === 'true',
    approvedPlan: form.hash('approved-plan'),
    comment: form.flag('comment', true),
    driftIssue: form.flag('drift-issue', true),
    failOnDrift: form.flag('fail-on-drift', false),
    lockTimeout: form.duration('lock-timeout', 10 * 60_000),
    timeout: form.duration('timeout', 60 * 60_000),
    token,
  };
  form.together('redis-username', 'redis-password');
  form.together('redis-cert', 'redis-key');
  form.refuseMistakes();
  return request;
}

/** What `auto` means for an event. */
function commandOf(command: (typeof COMMANDS)[number], event: string): Command {
  if (command !== 'auto') return command;
  if (event === 'push') return 'apply';
  return event === 'schedule' ? 'drift' : 'plan';
}

function secret(text: string | null, secrets: Secrets): Secret | null {
  if (text === null) return null;
  secrets.add(text);
  return new Secret(text);
}

/** The content is masked wherever it comes from: an input, or the file that the input or KUBECONFIG names. */
function kubeconfigOf(text: string | null, env: Environment, secrets: Secrets): Secret | null {
  for (const place of [text, ...(env['KUBECONFIG'] ?? '').split(':')]) {
    if (place === null || place === '') continue;
    if (place.includes('\n')) secrets.addKubeconfig(place);
    else if (existsSync(place)) secrets.addKubeconfig(readFileSync(place, 'utf8'));
  }
  return text === null ? null : new Secret(text);
}

/** The inputs as the runner passes them: INPUT_ and the name in capitals. Collects what is wrong with them. */
class Form {
  readonly #env: Environment;
  readonly #mistakes: string[] = [];

  constructor(env: Environment) {
    this.#env = env;
  }

  text(name: string): string | null {
    const value = this.#env[`INPUT_${name.toUpperCase()}`]?.trim() ?? '';
    return value === '' ? null : value;
  }

  oneOf<T extends string>(name: string, words: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === null) return fallback;
    const word = words.find((one) => one === text);
    if (word === undefined) this.#wrong(name, text, words.join(', '));
    return word ?? fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.oneOf(name, YES_NO, fallback ? 'true' : 'false') === 'true';
  }

  list(name: string, separator: RegExp, fallback: readonly string[]): readonly string[] {
    const parts = (this.text(name) ?? '').split(separator).map((part) => part.trim());
    const given = parts.filter((part) => part !== '');
    return given.length === 0 ? fallback : given;
  }

  words<T extends string>(name: string, words: readonly T[]): readonly T[] {
    return this.list(name, /[\s,]+/, []).flatMap((text) => {
      const word = words.find((one) => one === text);
      if (word === undefined) this.#wrong(name, text, words.join(', '));
      return word ?? [];
    });
  }

  hash(name: string): string | null {
    const text = this.text(name);
    if (text !== null && !/^[0-9a-f]{12}$/.test(text)) {
      this.#wrong(name, text, 'the 12 hex digits that a plan shows as its hash');
    }
    return text;
  }

  /** Milliseconds of `30s`, `10m`, `1h`; at most a day. */
  duration(name: string, fallback: number): number {
    const text = this.text(name);
    if (text === null) return fallback;
    const [, digits, unit] = /^(\d{1,6})(s|m|h)$/.exec(text) ?? [];
    const seconds = Number(digits) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
    if (digits !== undefined && seconds > 0 && seconds <= 86_400) return seconds * 1000;
    this.#wrong(name, text, 'a duration such as 30s, 10m or 1h, at most 24h');
    return fallback;
  }

  together(name: string, needed: string): void {
    if (this.text(name) !== null && this.text(needed) === null) {
      this.#mistakes.push(`\`${name}\` is given and \`${needed}\` is not: they belong together.`);
    }
  }

  refuseMistakes(): void {
    const [first] = this.#mistakes;
    if (first === undefined) return;
    const more = this.#mistakes.length === 1 ? '' : ` (and ${this.#mistakes.length - 1} more)`;
    throw new Failure('invalid-input', `Cannot begin: ${first}${more}`, {
      remedy: 'Correct the `with:` of the workflow step; docs/inputs-outputs.md lists every input.',
      details: this.#mistakes,
    });
  }

  #wrong(name: string, value: string, expected: string): void {
    this.#mistakes.push(`The input \`${name}\` is "${value.slice(0, 60)}"; expected: ${expected}.`);
  }
}
