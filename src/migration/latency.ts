import { allEnded } from '../core/in-parallel.ts';
import type { StepContext } from '../ports/context.ts';
import { type Pace, type Stride, slowestOf, strideOf } from './pace.ts';
import type { Pair } from './pair.ts';
import type { Watch } from './watch.ts';
import { watch } from './watches.ts';

/** Milliseconds between two lines of the log about the pace. */
const TELL_EVERY = 5_000;

type Context = Pick<StepContext, 'clock' | 'redis' | 'tell' | 'topology'>;

/** What is known of one server, in milliseconds: what PING took before anything moved, and how much longer now. */
export type Late = Pick<Watch, 'pod' | 'base' | 'excess'>;

export interface Latency extends Pace, AsyncDisposable {
  /** The latest answer, or the longest wait for one, since this was asked last. */
  worst(): Late;
}

/**
 * A pace that follows how donor and receiver answer PING, until disposed.
 * @param options.tells false: the strides are not used, so their changes are nobody's news
 */
export async function followLatency(
  pair: Pair,
  context: Context,
  options: { readonly tells: boolean } = { tells: true },
): Promise<Latency> {
  await using opened = new AsyncDisposableStack();
  const join = async (pod: Pair['donor']['pod']): Promise<Watch> => opened.use(await watch(pod, context)).watch;
  const [donor, receiver] = await allEnded([join(pair.donor.pod), join(pair.receiver.pod)]);
  const pace = new LatencyPace([donor, receiver], context, options);
  opened.defer(async () => pace.end());
  const all = opened.move();
  return { stride: () => pace.stride(), worst: () => pace.worst(), [Symbol.asyncDispose]: () => all.disposeAsync() };
}

class LatencyPace implements Pace {
  readonly #context: Context;
  readonly #watches: readonly Watch[];
  readonly #roundTrip: number;
  readonly #unlisten: readonly (() => void)[];
  readonly #worst = new Map<Watch, number>();
  #isToldSlow = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(watches: readonly Watch[], context: Context, { tells }: { readonly tells: boolean }) {
    this.#context = context;
    this.#watches = watches;
    this.#roundTrip = Math.max(...watches.map(({ base }) => base));
    this.#unlisten = watches.map((one) =>
      one.listen(() => {
        this.#worst.set(one, Math.max(this.#worst.get(one) ?? 0, one.excess));
        if (tells) this.#tell(one);
      }),
    );
  }

  /** As the slower of the two bears it: a receiver that is idle says nothing of a donor that is not. */
  stride(): Stride {
    return strideOf({ ...slowestOf(this.#watches.map(({ state }) => state)), roundTrip: this.#roundTrip });
  }

  worst(): Late {
    const lateOf = (one: Watch): number => this.#worst.get(one) ?? 0;
    const { pod, base } = this.#watches.reduce((worst, one) => (lateOf(one) > lateOf(worst) ? one : worst));
    const excess = Math.max(...this.#watches.map(lateOf));
    this.#worst.clear();
    return { pod, base, excess };
  }

  end(): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #tell({ pod, state, base, excess }: Watch): void {
    const now = this.#context.clock.now();
    const slowest = slowestOf(this.#watches.map((one) => one.state));
    const isSlow = slowest.speed < (this.#isToldSlow ? 1 : 1 / 4);
    // It is told of the one that is to blame.
    if (isSlow && state !== slowest) return;
    if (isSlow === this.#isToldSlow || now - this.#toldAt < TELL_EVERY) return;
    this.#isToldSlow = isSlow;
    this.#toldAt = now;
    this.#context.tell(
      isSlow
        ? {
            kind: 'slowed',
            pod: pod.name,
            latency: Math.round(base + excess),
            atRest: Math.round(base),
            limit: state.maxLatency,
            speed: state.speed,
          }
        : { kind: 'note', text: `Back to full speed: ${pod.name} answers PING as fast as before.` },
    );
  }
}
