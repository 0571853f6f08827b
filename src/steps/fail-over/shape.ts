/** Hands a shard over to one of its replicas that has caught up; the old primary becomes its replica. */
export interface FailOver {
  readonly kind: 'fail-over';
  /** The replica that becomes primary. */
  readonly pod: string;
  readonly from: string;
}
