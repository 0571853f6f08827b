/**
 * The Hungarian algorithm with potentials (Kuhn 1955, Munkres 1957; here the O(rows² × columns) form of shortest
 * augmenting paths by Jonker and Volgenant 1987). Gives each row one column of its own so that the sum of gains is largest.
 * @param gain rows × columns, rows ≤ columns
 * @returns the column of each row
 */
export function bestAssignment(gain: readonly (readonly number[])[]): readonly number[] {
  const rows = gain.length;
  const columns = gain[0]?.length ?? 0;
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowOf = new Int32Array(columns + 1);
  const cost = (row: number, column: number): number => -(gain[row - 1]?.[column - 1] ?? 0);

  for (let row = 1; row <= rows; row += 1) {
    augment(row, columns, { rowPotential, columnPotential, rowOf, cost });
  }
  const chosen = gain.map(() => -1);
  for (let column = 1; column <= columns; column += 1) {
    const row = rowOf[column] ?? 0;
    if (row > 0) chosen[row - 1] = column - 1;
  }
  return chosen;
}

interface Matching {
  readonly rowPotential: Float64Array;
  readonly columnPotential: Float64Array;
  /** Column → its row; 0: none. Index 0 stands for the row that is being placed. */
  readonly rowOf: Int32Array;
  readonly cost: (row: number, column: number) => number;
}

/** Places one more row by the cheapest chain of exchanges (Dijkstra over reduced costs). */
function augment(row: number, columns: number, matching: Matching): void {
  const { rowPotential, columnPotential, rowOf, cost } = matching;
  const distance = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
  const cameFrom = new Int32Array(columns + 1);
  const done = new Uint8Array(columns + 1);
  rowOf[0] = row;
  let at = 0;
  do {
    done[at] = 1;
    const from = rowOf[at] ?? 0;
    let nearest = 0;
    let step = Number.POSITIVE_INFINITY;
    for (let column = 1; column <= columns; column += 1) {
      if (done[column] === 1) continue;
      const reduced = cost(from, column) - (rowPotential[from] ?? 0) - (columnPotential[column] ?? 0);
      if (reduced < (distance[column] ?? 0)) {
        distance[column] = reduced;
        cameFrom[column] = at;
      }
      if ((distance[column] ?? 0) < step) {
        step = distance[column] ?? 0;
        nearest = column;
      }
    }
    for (let column = 0; column <= columns; column += 1) {
      if (done[column] === 1) {
        const owner = rowOf[column] ?? 0;
        rowPotential[owner] = (rowPotential[owner] ?? 0) + step;
        columnPotential[column] = (columnPotential[column] ?? 0) - step;
      } else {
        distance[column] = (distance[column] ?? 0) - step;
      }
    }
    at = nearest;
  } while ((rowOf[at] ?? 0) !== 0);
  while (at !== 0) {
    const previous = cameFrom[at] ?? 0;
    rowOf[at] = rowOf[previous] ?? 0;
    at = previous;
  }
}
