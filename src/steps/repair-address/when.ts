import { byOrdinal } from '../../core/cluster.ts';
import type { When } from '../kind.ts';
import type { RepairAddress } from './shape.ts';

/** Members whom others look for at an address that they have left, as after a restart of all pods. */
export const whenMoved: When<RepairAddress> = (now) => {
  const pods = now.findings.filter((finding) => finding.code === 'address-changed').flatMap((finding) => finding.pods);
  return [...new Set(pods)].toSorted(byOrdinal).map((pod) => ({ kind: 'repair-address', pod }));
};
