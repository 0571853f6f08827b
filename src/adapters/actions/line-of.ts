import { readFileSync } from 'node:fs';

/**
 * The line on which an uppermost key of a YAML file stands, from 1; 1 where it does not stand at the beginning of a line.
 * Only to point at: the file has been read and found right before.
 */
export function lineOf(path: string, key: string): number {
  const forms = [key, `"${key}"`, `'${key}'`];
  const isIt = (line: string): boolean =>
    forms.some((form) => line.startsWith(form) && /^\s*:/.test(line.slice(form.length)));
  return Math.max(0, readFileSync(path, 'utf8').split('\n').findIndex(isIt)) + 1;
}
