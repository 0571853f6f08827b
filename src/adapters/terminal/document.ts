import type { TerminalRunner } from './runner.ts';

/** What `--json` prints: the outputs of every cluster, and by the names of their files the plans and what status has seen. */
export function documentOf(runners: readonly Pick<TerminalRunner, 'outputs' | 'kept'>[]): unknown {
  const clusters = runners.flatMap(({ outputs }) => {
    const those: unknown = JSON.parse(outputs.get('clusters') ?? '[]');
    return Array.isArray(those) ? those : [];
  });
  const kept = runners.flatMap((runner) => [...runner.kept]);
  const filesOf = (kind: string): unknown =>
    Object.fromEntries(
      kept
        .filter(([name]) => name.startsWith(`${kind}-`))
        .map(([name, text]): readonly [string, unknown] => [name, JSON.parse(text)]),
    );
  return { clusters, plans: filesOf('plan'), statuses: filesOf('status') };
}
