import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@actions/core';
import { type Mistake, mistakeWords } from '../../core/mistake.ts';
import type { Runner } from '../../ports/runner.ts';
import { inRepository } from '../topology/in-repository.ts';
import type { Environment } from './form.ts';
import type { Secrets } from './secrets.ts';

/** GitHub shows no more than ten errors and ten warnings of a step. */
const MOST_ANNOTATIONS = 10;

/** GitHub's runner. Nothing passes it that holds a secret. */
export function actionsRunner(env: Environment, secrets: Secrets): Runner {
  const clean = (text: string): string => secrets.redact(text);
  // A folder of this run's own: an earlier step's files are still to be read by later ones.
  let folder: Promise<string> | null = null;
  const info = (line: string): void => core.info(inert(clean(line)));
  const [errors, warnings] = [new Allowance(), new Allowance()];
  return {
    info,
    warning(text, at) {
      const place = at === undefined ? {} : { title: 'topology', file: nameOf(at.file, env), startLine: at.line };
      if (warnings.take()) core.warning(clean(text), place);
      else info(`Warning: ${text}`);
    },
    error: (text) => (errors.take() ? core.error(clean(text)) : info(`Error: ${text}`)),
    group: (title, work) => core.group(inert(clean(title)), work),
    annotate(mistakes) {
      for (const mistake of mistakes) {
        if (errors.take()) core.error(clean(mistakeWords(mistake)), placeOf(mistake, env));
        else info(`${mistake.file}:${mistake.line}:${mistake.column} ${mistakeWords(mistake)}`);
      }
    },
    output(name, value) {
      if (env['GITHUB_OUTPUT']) core.setOutput(name, clean(value));
      else info(`${name}: ${value}`);
    },
    async summary(markdown) {
      if (!env['GITHUB_STEP_SUMMARY']) return;
      await core.summary.addRaw(clean(markdown), true).write();
    },
    async keep(name, content) {
      folder ??= mkdtemp(join(env['RUNNER_TEMP'] || tmpdir(), 'redis-cluster-topology-'));
      const path = join(await folder, name);
      await writeFile(path, clean(content));
      return path;
    },
  };
}

/** How many annotations of a kind are left, for the whole step. */
class Allowance {
  #left = MOST_ANNOTATIONS;

  take(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }
}

/** A line that begins with `::` is a command to the runner, wherever the text came from, and whatever white space stands before: NEL, too. */
function inert(text: string): string {
  return text.replaceAll(/^([\s\u0085]*)::/gm, '$1: :').replaceAll(/##\[/g, '## [');
}

function placeOf({ file, line, column }: Mistake, env: Environment): core.AnnotationProperties {
  return { title: 'topology', file: nameOf(file, env), startLine: line, startColumn: column };
}

/** GitHub shows annotations in a pull request's files, and knows those by their names in the repository. */
function nameOf(file: string, env: Environment): string {
  const workspace = env['GITHUB_WORKSPACE'] ?? process.cwd();
  return inRepository(workspace, file, env['GITHUB_REPOSITORY'] ?? '') ?? file;
}
