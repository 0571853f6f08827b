import { FAILURES } from '../core/failure.ts';
import type { Topology } from '../core/topology.ts';
import { findingsList, membersByNode, membersTable, statusMarkdown } from '../report/members.ts';
import { statusJson } from '../report/status-json.ts';
import { consider } from './consider.ts';
import type { Desk } from './desk.ts';
import { isDrifted } from './drift.ts';
import { emptyOutcome, type Outcome } from './outcome.ts';

/** Shows the members by name and by Kubernetes node, and what there is to know about them. Changes nothing. */
export async function status(topology: Topology, desk: Desk): Promise<Outcome> {
  await using reach = await desk.reach(topology);
  const considered = await consider(topology, desk, reach);
  const { cluster, findings, planned } = considered;
  const cannotLook = planned.kind === 'refused' && FAILURES[planned.failure.code][0] === 'failed';
  for (const line of [membersTable(cluster), '', membersByNode(cluster), '', findingsList(findings)]) {
    desk.runner.info(line);
  }
  if (cannotLook) throw planned.failure;
  const drifted = isDrifted(considered);
  const summary = drifted ? `${topology.name} is not as declared.` : `${topology.name} is as declared.`;
  desk.runner.info(summary);
  await desk.runner.keep(`status-${topology.name}.json`, statusJson(topology.name, cluster, findings));
  return {
    ...emptyOutcome(topology),
    result: drifted ? 'drifted' : 'in-sync',
    drift: drifted,
    summary,
    report: statusMarkdown(cluster, findings),
  };
}
