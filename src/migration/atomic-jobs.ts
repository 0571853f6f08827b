import type { Failure } from '../core/failure.ts';
import { movePiece } from './atomic-piece.ts';
import type { Piece, Pieces } from './cut.ts';
import type { Following } from './follow.ts';
import { afterJob, FULL_SPEED, restAfter } from './job-pace.ts';
import type { Jobs } from './jobs.ts';
import type { Late, Latency } from './latency.ts';
import type { Work } from './mover.ts';
import type { Pair } from './pair.ts';

/** Bytes of one job: what a server has to keep in its buffers when more is written than is sent, and what a failure costs. */
const MOST_BYTES = 256 * 1024 * 1024;
/** Milliseconds between two lines of the log about the pace. */
const TELL_EVERY = 5_000;

export interface JobsWay {
  readonly jobs: Jobs;
  /** `migration.maxLatency` */
  readonly maxLatency: number;
  /** Asks donor and receiver PING while jobs are at work. */
  readonly watch: (pair: Pair) => Promise<Latency>;
}

type Means = JobsWay & { readonly following: Following };

/**
 * Moves piece after piece, which become smaller while servers answer late. After the first failure no further one is begun; it is
 * returned with the slots that no job has moved.
 */
export async function moveInJobs(
  pieces: Pieces,
  work: Work,
  means: Means,
): Promise<{ readonly left: readonly number[]; readonly failure: Failure | null }> {
  if (pieces.left.length === 0) return { left: [], failure: null };
  // A receiver that has nothing to do tells others of its new slots a tenth of a second late; each PING wakes it up.
  await using latency = await means.watch(means.following.pair);
  return await new Moving(pieces, work, means, latency).run();
}

/** The jobs of one move, and what is learned from each about the size of the next. */
class Moving {
  readonly #pieces: Pieces;
  readonly #work: Work;
  readonly #means: Means;
  readonly #latency: Latency;
  readonly #failed: number[] = [];
  #pace = FULL_SPEED;
  #isToldSlow = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(pieces: Pieces, work: Work, means: Means, latency: Latency) {
    this.#pieces = pieces;
    this.#work = work;
    this.#means = means;
    this.#latency = latency;
  }

  async run(): Promise<{ readonly left: readonly number[]; readonly failure: Failure | null }> {
    const { stop } = this.#work.context;
    let failure: Failure | null = null;
    while (failure === null && this.#pieces.left.length > 0) {
      stop.throwIfAborted();
      failure = await this.#next();
    }
    return { left: [...this.#failed, ...this.#pieces.left], failure };
  }

  async #next(): Promise<Failure | null> {
    const { clock, stop } = this.#work.context;
    const piece = this.#pieces.next(this.#most());
    if (piece === undefined) return null;
    const begun = clock.now();
    const failure = await movePiece(piece, this.#means.following);
    if (failure === null) this.#moved(piece);
    else this.#failed.push(...piece.slots);
    this.#learn(this.#latency.worst());
    const took = clock.now() - begun;
    if (failure !== null || this.#pieces.left.length === 0) return failure;
    await this.#work.replicas.keepUp();
    const rest = restAfter(this.#pace, took);
    if (rest > 0) await clock.sleep(rest, { signal: stop });
    return null;
  }

  #most(): number {
    const { jobs, maxLatency, following } = this.#means;
    const { averageKey } = following.pair;
    const most = jobs.mostKeys(maxLatency) * this.#pace.speed;
    return Math.max(1, averageKey === 0 ? most : Math.min(most, MOST_BYTES / averageKey));
  }

  #moved({ keys, slots }: Piece): void {
    this.#work.progress.movedKeys(keys);
    this.#work.progress.movedSlots(slots);
  }

  #learn(late: Late): void {
    const { maxLatency } = this.#means;
    this.#pace = afterJob(this.#pace, late.excess, maxLatency);
    const { clock, tell } = this.#work.context;
    const isSlow = this.#pace.speed < 1;
    if (isSlow === this.#isToldSlow || clock.now() - this.#toldAt < TELL_EVERY) return;
    this.#isToldSlow = isSlow;
    this.#toldAt = clock.now();
    const [latency, atRest] = [Math.round(late.base + late.excess), Math.round(late.base)];
    tell(
      isSlow
        ? { kind: 'slowed', pod: late.pod.name, latency, atRest, limit: maxLatency, speed: this.#pace.speed }
        : { kind: 'note', text: `Back to full speed: ${late.pod.name} answers PING as fast as before.` },
    );
  }
}
