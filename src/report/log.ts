import type { Event } from '../core/events.ts';
import type { Failure } from '../core/failure.ts';
import type { PlannedStep } from '../plan/plan.ts';
import { KINDS } from '../steps/index.ts';
import { bytes, counted, duration, grouped, short } from './units.ts';

/** One line of the log. */
export function eventLine(event: Event): string {
  switch (event.kind) {
    case 'waiting':
      return `Waiting for ${event.for} (at most ${duration(event.secondsLeft)} more). Seen: ${event.seen}`;
    case 'done':
    case 'note':
      return event.text;
    case 'verified':
      return `✓ ${event.text}`;
    case 'moving':
      return moving(event);
    case 'slowed':
      return slowed(event);
  }
}

function slowed({ pod, latency, atRest, limit, speed }: Extract<Event, { kind: 'slowed' }>): string {
  const percent = Math.max(1, Math.round(speed * 100));
  return `Slowed down to ${percent} %: ${pod} answered PING in ${latency} ms, ${atRest} ms before the move; \`migration.maxLatency\` is ${limit} ms.`;
}

function moving(event: Extract<Event, { kind: 'moving' }>): string {
  const { from, to, slotsDone, slots, keysDone, keys, bytesDone, elapsed } = event;
  const seconds = elapsed / 1000;
  const done = keys === null || keys === 0 ? slotsDone / Math.max(1, slots) : keysDone / keys;
  const rate = seconds > 0 && keysDone > 0 ? `, ${short(keysDone / seconds)} keys/s` : '';
  const left = done > 0 && done < 1 ? `, ${duration((seconds / done) * (1 - done))} left` : '';
  const size = bytesDone === 0 ? '' : ` (about ${bytes(bytesDone)})`;
  const ofKeys = keys === null ? '' : ` of ${grouped(keys)}`;
  return `${from} → ${to}: ${grouped(slotsDone)} of ${grouped(slots)} slots, ${grouped(keysDone)}${ofKeys} keys${size}${rate}${left}`;
}

/** The group's title: what the stage does. */
export function stageTitle(number: number, planned: readonly PlannedStep[]): string {
  const [first] = planned;
  if (first === undefined) return `${number}.`;
  const words = KINDS.words(first.step);
  return planned.length === 1
    ? `${number}. ${words}`
    : `${number}. ${words}, and ${counted(planned.length - 1, 'more step')} at the same time`;
}

/** What went wrong, in full: the message, its details, what to do, and what it came from. */
export function failureLines(failure: Failure): readonly string[] {
  return [
    `✗ ${failure.message}`,
    ...failure.details.map((detail) => `  - ${detail}`),
    ...causesOf(failure).map((cause) => `  because: ${cause}`),
    `  What to do: ${failure.remedy}`,
    `  (failure-reason: ${failure.code})`,
  ];
}

const DEEPEST = 5;

function causesOf(failure: Failure): readonly string[] {
  const causes: string[] = [];
  for (let cause = failure.cause; cause instanceof Error && causes.length < DEEPEST; cause = cause.cause) {
    if (!failure.message.includes(cause.message)) causes.push(cause.message);
  }
  return causes;
}
