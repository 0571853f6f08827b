import { Failure } from '../core/failure.ts';
import { parseReplication, type Replication } from '../core/info.ts';
import { text } from '../core/replies.ts';
import type { StepContext } from '../ports/context.ts';
import { ask, STEADY } from '../servers/ask.ts';
import type { Side } from './pair.ts';

/** Milliseconds by which replicas may be behind while slots move. They say once a second where they are. */
const BEHIND = 2_000;
/** Milliseconds between two looks. */
const EVERY = 100;
/** Milliseconds that replicas may take to catch up, or to come back: a primary drops one that is silent after 60 s by default. */
const PATIENCE = 120_000;

type Context = Pick<StepContext, 'clock' | 'stop' | 'tell'>;

interface Seen {
  readonly at: number;
  readonly offset: number;
}

/**
 * Keeps a move from running away from the receiver's replicas: keys that were safe on the donor and its replicas would stand
 * on the receiver alone, and be lost with it. Where it has no replica from the beginning there is nothing to wait for.
 */
export class ReceiverReplicas {
  readonly #receiver: Pick<Side, 'pod' | 'main'>;
  readonly #context: Context;
  readonly #count: number;
  #seen: readonly Seen[] = [];

  private constructor(receiver: Pick<Side, 'pod' | 'main'>, count: number, context: Context) {
    this.#receiver = receiver;
    this.#count = count;
    this.#context = context;
  }

  static async of(receiver: Pick<Side, 'pod' | 'main'>, context: Context): Promise<ReceiverReplicas> {
    const { replicas } = await replicationOf(receiver);
    return new ReceiverReplicas(receiver, replicas.length, context);
  }

  /**
   * Between two batches or jobs: waits while a replica has not what the receiver had two seconds ago.
   * Throws `migration-failed` where that lasts, or the reason of `context.stop`.
   */
  async keepUp(): Promise<void> {
    if (this.#count === 0) return;
    const { clock } = this.#context;
    await this.#until(({ offset }) => {
      const now = clock.now();
      const isNeeded = (_: Seen, i: number): boolean => now - (this.#seen[i + 1]?.at ?? now) < BEHIND;
      this.#seen = [...this.#seen.filter(isNeeded), { at: now, offset }];
      const [oldest] = this.#seen;
      return oldest !== undefined && now - oldest.at >= BEHIND ? oldest.offset : 0;
    });
  }

  /** At the end: waits until the replicas have all that the receiver has now. Throws as above. */
  async haveAll(): Promise<void> {
    if (this.#count === 0) return;
    const { offset } = await replicationOf(this.#receiver);
    await this.#until(() => offset);
  }

  /** @param wanted by what the receiver says now, the offset that each replica must have reached */
  async #until(wanted: (now: Replication) => number): Promise<void> {
    const { clock, stop, tell } = this.#context;
    const begun = clock.now();
    for (let isTold = false; ; await clock.sleep(EVERY, { signal: stop })) {
      const now = await replicationOf(this.#receiver);
      const offset = wanted(now);
      const having = now.replicas.filter((reached) => reached >= offset).length;
      if (having >= this.#count) return;
      const waited = clock.now() - begun;
      if (waited > PATIENCE) throw this.#behind(having);
      if (isTold || waited < BEHIND) continue;
      isTold = true;
      const { name } = this.#receiver.pod;
      const words = `Waiting for the replicas of ${name}: ${having} of ${this.#count} have what it has got.`;
      tell({ kind: 'note', text: words });
    }
  }

  #behind(having: number): Failure {
    const { name } = this.#receiver.pod;
    return new Failure(
      'migration-failed',
      `No more slots go to ${name}: ${having} of its ${this.#count} replicas have what it has got until now, and that for ${PATIENCE / 1_000} s. Were it lost, keys would be lost with it.`,
      {
        remedy:
          'Look at the replicas of that pod (status shows their link), then run apply again: it goes on from there.',
      },
    );
  }
}

async function replicationOf({ pod, main }: Pick<Side, 'pod' | 'main'>): Promise<Replication> {
  const reply = await ask(main, ['INFO', 'replication'], { signal: STEADY });
  const what = `INFO of ${pod.name}`;
  return parseReplication(text(reply, what), what);
}
