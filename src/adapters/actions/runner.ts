import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@actions/core';
import type { Mistake } from '../../core/mistake.ts';
import type { Runner } from '../../ports/runner.ts';
import type { Environment } from './inputs.ts';
import type { Secrets } from './secrets.ts';

/** GitHub shows no more than ten annotations of a step. */
const MOST_ANNOTATIONS = 10;

/** GitHub refuses summaries over 1 MiB. */
const SUMMARY_BYTES = 1024 * 1024;

/** GitHub's runner. Nothing passes it that holds a secret. */
export function actionsRunner(env: Environment, secrets: Secrets): Runner {
  const clean = (text: string): string => secrets.redact(text);
  return {
    info: (line) => core.info(inert(clean(line))),
    warning: (text) => core.warning(clean(text)),
    error: (text) => core.error(clean(text)),
    group: (title, work) => core.group(inert(clean(title)), work),
    annotate(mistakes) {
      for (const [i, mistake] of mistakes.entries()) {
        if (i < MOST_ANNOTATIONS) core.error(clean(sentence(mistake)), placeOf(mistake));
        else core.info(inert(clean(`${mistake.file}:${mistake.line}:${mistake.column} ${sentence(mistake)}`)));
      }
    },
    output(name, value) {
      if (env['GITHUB_OUTPUT']) core.setOutput(name, clean(value));
      else core.info(inert(clean(`${name}: ${value}`)));
    },
    async summary(markdown) {
      if (!env['GITHUB_STEP_SUMMARY']) return;
      const text = clean(markdown);
      const fits = Buffer.byteLength(text) <= SUMMARY_BYTES - 1024;
      const note = 'The summary is longer than GitHub takes; the whole plan is in `plan-file`.';
      await core.summary.addRaw(fits ? text : `${text.slice(0, SUMMARY_BYTES / 4)}\n\n${note}`, true).write();
    },
    async keep(name, content) {
      const folder = join(env['RUNNER_TEMP'] ?? tmpdir(), 'redis-cluster-topology');
      await mkdir(folder, { recursive: true });
      const path = join(folder, name);
      await writeFile(path, clean(content));
      return path;
    },
  };
}

/** A line that begins with `::` is a command to the runner, wherever the text came from. */
function inert(text: string): string {
  return text.replaceAll(/^(\s*)::/gm, '$1: :').replaceAll(/##\[/g, '## [');
}

function sentence({ message, value, expected }: Mistake): string {
  return `${message}${value === null ? '' : ` Seen: ${value}.`}${expected === '' ? '' : ` Expected: ${expected}.`}`;
}

function placeOf({ file, line, column }: Mistake): core.AnnotationProperties {
  return { title: 'topology', file, startLine: line, startColumn: column };
}
