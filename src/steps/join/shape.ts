/** Introduces an empty node to the cluster (config epoch of its own, then MEET) until every member knows it. */
export interface Join {
  readonly kind: 'join';
  readonly pod: string;
}
