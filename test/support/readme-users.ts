import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** In tables Markdown wants a backslash before a bar, which no reader sees. */
const README = readFileSync(join(ROOT, 'README.md'), 'utf8').replaceAll('\\|', '|');
const HOW_TO = readFileSync(join(ROOT, 'docs/how-to/passwords-and-acl.md'), 'utf8');

/** The rights of a user as the README gives them, or the how-to of ACL users, for those who copy the line. */
export function rightsOf(user: string): string {
  const line = new RegExp(`^user ${user} on >PASSWORD (.*)$`, 'm');
  const rights = line.exec(README)?.[1] ?? line.exec(HOW_TO)?.[1];
  if (rights === undefined) throw new Error(`Neither README.md nor passwords-and-acl.md has rights of ${user}.`);
  return rights;
}

/** What the README says to add where servers move slots as a whole. */
export function atomicRights(software: 'redis' | 'valkey'): readonly string[] {
  const added = software === 'valkey' ? /\+cluster\|migrateslots( \+cluster\|\w+)+/ : /\+cluster\|migration/;
  const rights = added.exec(README)?.[0];
  if (rights === undefined) throw new Error(`README.md has no rights to move slots as a whole on ${software}.`);
  return rights.split(' ');
}
