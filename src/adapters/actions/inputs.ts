import { ALLOW_WORDS, COMMANDS, type Command, type Occasion, type Request } from '../../core/request.ts';
import { Secret } from '../../core/secret.ts';
import { type Environment, Form } from './form.ts';
import { readKubeconfig } from './kubeconfig.ts';
import type { Secrets } from './secrets.ts';

export type { Environment };

const CONNECTS = ['auto', 'direct', 'port-forward'] as const;
/**
 * What a merge queue tries is not merged, so nothing can have been approved. A run that follows another one belongs to no
 * push, and whoever caused that other one may not be who may apply.
 */
const NEEDS_APPROVAL: readonly string[] = ['push', 'merge_group', 'workflow_run'];
const YES_NO_AUTO = ['auto', 'true', 'false'] as const;

/**
 * Reads and checks every input; secrets are masked before anything else happens.
 * Throws Failure `invalid-input` with all mistakes at once, `untrusted-pull-request` for a kubeconfig among a pull
 * request's own files.
 * @param occasion what `auto` depends on
 * @param warn told of inputs that there are not: a misspelt one does nothing
 */
export function readInputs(
  env: Environment,
  occasion: Occasion,
  secrets: Secrets,
  warn: (text: string) => void,
): Request {
  const form = new Form(env);
  const password = secret(form.secret('redis-password'), secrets);
  const key = secret(form.pem('redis-key'), secrets);
  const token = secret(form.text('github-token'), secrets);
  const kubeconfig = readKubeconfig(form.text('kubeconfig'), env, occasion.base !== null, secrets);
  // Of a fork's run every secret is empty, while what stands in the workflow in clear is not: it plans offline all the same.
  const mayLackSecrets = occasion.pullRequest?.foreign === true;
  const approval = form.oneOf('require-approved-plan', YES_NO_AUTO, 'auto');
  const request: Request = {
    command: commandOf(form.oneOf('command', [...COMMANDS, 'auto'], 'auto'), occasion),
    topology: form.list('topology', /\r?\n/, ['topology.yaml']),
    kubeconfig,
    context: form.text('context'),
    connect: form.oneOf('connect', CONNECTS, 'auto'),
    redis: { username: usernameOf(form, secrets), password, tls: tlsOf(form, key, mayLackSecrets) },
    allow: form.words('allow', ALLOW_WORDS),
    requireApprovedPlan: approval === 'auto' ? NEEDS_APPROVAL.includes(occasion.event) : approval === 'true',
    approvedPlan: form.hash('approved-plan'),
    comment: form.flag('comment', true),
    driftIssue: form.flag('drift-issue', true),
    failOnDrift: form.flag('fail-on-drift', false),
    lockTimeout: form.duration('lock-timeout', 10 * 60_000),
    timeout: form.duration('timeout', 60 * 60_000),
    token,
  };
  if (!mayLackSecrets) form.needs('redis-username', 'redis-password');
  for (const name of form.unknown()) warn(`There is no input \`${name}\`; docs/inputs-outputs.md lists every input.`);
  form.refuseMistakes();
  return request;
}

/** What `auto` means for an event. A merge queue pushes to branches of its own what is not merged yet. */
function commandOf(command: Command | 'auto', { event, base }: Occasion): Command {
  if (command !== 'auto') return command;
  if (event === 'push') return base === null ? 'apply' : 'plan';
  return event === 'schedule' ? 'drift' : 'plan';
}

function secret(text: string | null, secrets: Secrets): Secret | null {
  if (text === null) return null;
  secrets.add(text);
  return new Secret(text);
}

/** Everybody knows the user `default`, and the word is in many a line. */
function usernameOf(form: Form, secrets: Secrets): string | null {
  const username = form.text('redis-username');
  if (username !== null && username !== 'default') secrets.hide(username);
  return username;
}

function tlsOf(form: Form, key: Secret | null, mayLackSecrets: boolean): Request['redis']['tls'] {
  const tls = {
    ca: form.pem('redis-ca'),
    cert: form.pem('redis-cert'),
    key,
    serverName: form.text('redis-server-name'),
  };
  if (!mayLackSecrets) {
    form.needs('redis-cert', 'redis-key');
    form.needs('redis-key', 'redis-cert');
  }
  if (form.flag('redis-tls', false)) return tls;
  if (mayLackSecrets) return null;
  form.useless(['redis-ca', 'redis-cert', 'redis-key', 'redis-server-name'], '`redis-tls: true`');
  return null;
}
