import { setSecret } from '@actions/core';
import { parse } from 'yaml';
import type { Environment } from './form.ts';

/** Shorter ones would hide ordinary words everywhere. */
const SHORTEST = 2;
/** Of lines of a longer secret: the last line of a key has few characters. */
const SHORTEST_LINE = 6;

/** Every secret of this run, in each form in which it might slip out. */
export class Secrets {
  readonly #isOnGitHub: boolean;
  readonly #forms = new Set<string>();
  readonly #hidden = new Set<string>();

  /** Elsewhere than on GitHub nobody reads `::add-mask::`, and the line would show what it is to hide. */
  constructor(env: Environment) {
    const marks = ['GITHUB_ACTIONS', 'GITHUB_OUTPUT', 'GITHUB_EVENT_NAME'];
    this.#isOnGitHub = marks.some((name) => (env[name] ?? '') !== '');
  }

  /**
   * Takes note of a secret and lets the runner mask it. Line by line: a mask of many lines hides only the whole.
   * As base64, in URLs and in JSON too: libraries print those.
   */
  add(value: string): void {
    const lines = value.split(/\r?\n/).map((line) => line.trim());
    const texts = [value.trim(), value, ...lines.filter((line) => line.length >= SHORTEST_LINE)];
    for (const text of texts.filter((one) => one.length >= SHORTEST)) {
      for (const form of formsOf(text)) this.#addForm(form);
    }
  }

  /** Lets the runner mask what is no secret: it stays in outputs and files, where it may be part of names. */
  hide(value: string): void {
    if (value.length < SHORTEST || this.#hidden.has(value)) return;
    this.#hidden.add(value);
    if (this.#isOnGitHub) setSecret(value);
  }

  /** The credentials inside a kubeconfig, by the names of their fields; the rest of it is no secret. */
  addKubeconfig(content: string): void {
    for (const { name, value } of credentialsIn(parsed(content))) {
      this.add(value);
      if (name.endsWith('-data')) this.add(Buffer.from(value, 'base64').toString());
    }
  }

  /** The text without any secret. */
  redact(text: string): string {
    const longestFirst = [...this.#forms].toSorted((a, b) => b.length - a.length);
    return longestFirst.reduce((clean, form) => clean.replaceAll(form, '***'), text);
  }

  #addForm(form: string): void {
    this.#forms.add(form);
    if (!/[\r\n]/.test(form)) this.hide(form);
  }
}

function formsOf(text: string): readonly string[] {
  // Half of a character beyond the first plane, which a cut text may have, is no URL.
  const url = text.isWellFormed() ? encodeURIComponent(text) : text;
  return [text, url, Buffer.from(text).toString('base64'), JSON.stringify(text).slice(1, -1)];
}

const CREDENTIAL_FIELDS: ReadonlySet<string> = new Set([
  'token',
  'password',
  'client-key-data',
  'access-token',
  'id-token',
  'refresh-token',
  'client-secret',
]);

function parsed(content: string): unknown {
  try {
    return parse(content, { maxAliasCount: 10, logLevel: 'silent' });
  } catch {
    // Not YAML: then it is no kubeconfig either, and the Kubernetes adapter says so without showing it.
    return null;
  }
}

/** A kubeconfig is not nested deeper; by its anchors a YAML file may contain itself. */
const DEEPEST = 8;

function* credentialsIn(value: unknown, depth = 0): Generator<{ readonly name: string; readonly value: string }> {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return;
  for (const [name, field] of Object.entries(value)) {
    if (CREDENTIAL_FIELDS.has(name) && typeof field === 'string') yield { name, value: field };
    else yield* credentialsIn(field, depth + 1);
  }
}
