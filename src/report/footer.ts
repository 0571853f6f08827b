import { code, cut } from './escape.ts';

/** What a text is about, and where it comes from. */
export interface CommentContext {
  readonly cluster: string;
  readonly file: string;
  readonly runUrl: string;
  readonly commit: string;
}

/** The last line that people read. @param hash of the plan; null where there is none */
export function footer({ file, commit, runUrl }: Omit<CommentContext, 'cluster'>, hash: string | null): string {
  const plan = hash === null ? [] : [`plan ${code(hash)}`];
  const at = /^[0-9a-f]{7,64}$/.test(commit) ? [commitLink(commit, runUrl)] : [];
  const run = isLink(runUrl) ? [link(runUrl, 'run')] : [];
  return `<sub>${[...plan, code(cut(file, 300)), ...at, ...run].join(' · ')}</sub>`;
}

/** GitHub makes a link of it by itself in comments; in the summary of a run it does not. */
function commitLink(commit: string, runUrl: string): string {
  const repository = /^(.+)\/actions\/runs\//.exec(runUrl)?.[1];
  const words = `commit ${commit.slice(0, 10)}`;
  return repository === undefined ? words : link(`${repository}/commit/${commit}`, words);
}

/** A link where the address is one, else the words alone. */
export function link(url: string, words: string): string {
  return isLink(url) ? `[${words}](${url})` : words;
}

function isLink(url: string): boolean {
  return url.length < 1_000 && /^https?:\/\/[\w./:%?=&~#-]+$/.test(url);
}
