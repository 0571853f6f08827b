import { setSecret } from '@actions/core';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Environment } from './form.ts';

/** Shorter ones would hide ordinary words everywhere. */
const SHORTEST = 2;
/** Of lines of a longer secret: the last line of a key has few characters. */
const SHORTEST_LINE = 6;

/** Every secret of this run, in each form in which it might slip out. */
export class Secrets {
  readonly #isOnGitHub: boolean;
  readonly #forms = new Map<string, RegExp>();
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
    const longestFirst = [...this.#forms].toSorted(([a], [b]) => b.length - a.length);
    return longestFirst.reduce((clean, [, form]) => clean.replaceAll(form, '***'), text);
  }

  #addForm(form: string): void {
    this.#forms.set(form, inMarkdown(form));
    if (!/[\r\n]/.test(form)) this.hide(form);
  }
}

function formsOf(text: string): readonly string[] {
  // Half of a character beyond the first plane, which a cut text may have, is no URL.
  const url = text.isWellFormed() ? encodeURIComponent(text) : text;
  return [text, url, Buffer.from(text).toString('base64'), JSON.stringify(text).slice(1, -1)];
}

/** The text, and the same as it stands in Markdown: with marks between its characters, and others in place of some. */
function inMarkdown(text: string): RegExp {
  const characters = Array.from(text, (character) => {
    const plain = character.replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`);
    const other = IN_PLACE_OF[character];
    return other === undefined ? plain : `(?:${other}|${plain})`;
  });
  return new RegExp(characters.join(String.raw`[\\\u200B]*`), 'gu');
}

/** As src/report/escape.ts has them. */
const IN_PLACE_OF: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '`': "'", '|': '¦' };

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
    if (name === 'exec') for (const text of givenToProgram(field)) yield { name, value: text };
  }
}

const Program = z.object({
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});

/** What a variable or an option is called that is given a secret. */
const SECRET_NAME = /token|secret|passw|credential|private|(?:api|access)[-_]?key/i;

/** Of what only its name says that it is a secret: `--token-mode=iam` has none, and the word is in many a line. */
const SHORTEST_GIVEN = 8;

/** The secrets among variables and arguments of a program that a kubeconfig names to log in: `--token=…`, `--token …`. */
function* givenToProgram(exec: unknown): Generator<string> {
  const { args, env } = Program.safeParse(exec).data ?? {};
  for (const { name, value } of env ?? []) {
    if (SECRET_NAME.test(name) && value.length >= SHORTEST_GIVEN) yield value;
  }
  for (const [i, arg] of (args ?? []).entries()) {
    const [, option = '', given = args?.[i + 1] ?? ''] = /^(-[^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (SECRET_NAME.test(option) && given.length >= SHORTEST_GIVEN && !given.startsWith('-')) yield given;
  }
}
