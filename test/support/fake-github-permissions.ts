import type { Permissions } from './fake-github-state.ts';

/**
 * What each operation needs, as GitHub lists it ("Permissions required for GitHub Apps"): any one of these. Comments on
 * pull requests go by the permission for issues, too.
 */
const NEEDS: Readonly<Record<string, Permissions>> = {
  'issues/list-comments': { issues: 'read', 'pull-requests': 'read' },
  'issues/create-comment': { issues: 'write', 'pull-requests': 'write' },
  'issues/update-comment': { issues: 'write', 'pull-requests': 'write' },
  'issues/list-for-repo': { issues: 'read' },
  'issues/create': { issues: 'write' },
  'issues/update': { issues: 'write' },
  'issues/create-label': { issues: 'write' },
  'repos/list-pull-requests-associated-with-commit': { 'pull-requests': 'read' },
  'pulls/get': { 'pull-requests': 'read' },
  'pulls/list-files': { 'pull-requests': 'read' },
  'repos/get-content': { contents: 'read' },
  'repos/get-commit': { contents: 'read' },
  'repos/get-branch': { contents: 'read' },
  'graphql/comment': { issues: 'read', 'pull-requests': 'read' },
};

/** Whether a token with these permissions may do this; null: it may do everything. */
export function isPermitted(operation: string, permissions: Permissions | null): boolean {
  const needs = NEEDS[operation];
  if (permissions === null || needs === undefined) return true;
  return Object.entries(needs).some(([name, level]) => {
    const given = permissions[name];
    return given === level || given === 'write';
  });
}
