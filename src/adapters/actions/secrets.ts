import { setSecret } from '@actions/core';
import { parse } from 'yaml';

/** Shorter pieces of a secret would hide ordinary words everywhere. */
const SHORTEST = 4;

/** Every secret of this run, in each form in which it might slip out. */
export class Secrets {
  readonly #forms = new Set<string>();

  /**
   * Takes note of a secret and lets the runner mask it. Line by line: a mask of many lines hides only the whole.
   * Base64 and URL-encoded forms too: libraries print those.
   */
  add(value: string): void {
    for (const line of [value, ...value.split(/\r?\n/)]) {
      const text = line.trim();
      if (text.length < SHORTEST) continue;
      for (const form of [text, encodeURIComponent(text), Buffer.from(text).toString('base64')]) this.#forms.add(form);
    }
    for (const form of this.#forms) if (!form.includes('\n')) setSecret(form);
  }

  /** The credentials inside a kubeconfig, by the names of their fields; the rest of it is no secret. */
  addKubeconfig(content: string): void {
    for (const value of credentialsIn(parsed(content))) this.add(value);
  }

  /** The text without any secret. */
  redact(text: string): string {
    const longestFirst = [...this.#forms].toSorted((a, b) => b.length - a.length);
    return longestFirst.reduce((clean, form) => clean.replaceAll(form, '***'), text);
  }
}

const CREDENTIAL_FIELDS: ReadonlySet<string> = new Set([
  'token',
  'password',
  'client-key-data',
  'client-certificate-data',
  'access-token',
  'id-token',
  'refresh-token',
  'client-secret',
]);

function parsed(content: string): unknown {
  try {
    return parse(content, { maxAliasCount: 10 });
  } catch {
    // Not YAML: then it is no kubeconfig either, and the Kubernetes adapter says so without showing it.
    return content;
  }
}

function* credentialsIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, field] of Object.entries(value)) {
    if (CREDENTIAL_FIELDS.has(name) && typeof field === 'string') yield field;
    else yield* credentialsIn(field);
  }
}
