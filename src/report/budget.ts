/** A part of a text that is left out as a whole or not at all. */
export interface Section {
  readonly lines: readonly string[];
  /** The lower, the earlier it is dropped; null: never. */
  readonly drop: number | null;
  /** How the note speaks of it. */
  readonly name?: string;
}

const NOTE = 'Left out for want of room; all of it is in the summary of the run and in `plan-file`.';

/** The sections as one text of at most `room` characters: whole sections go, in their order, and the text says so. */
export function fitting(sections: readonly Section[], room: number): string {
  let kept = sections;
  const order = sections.filter((section) => section.drop !== null).toSorted((a, b) => (a.drop ?? 0) - (b.drop ?? 0));
  for (const victim of order) {
    if (textOf(kept).length + NOTE.length + 2 <= room) break;
    kept = kept.filter((section) => section !== victim);
  }
  const text = textOf(kept);
  return kept.length === sections.length ? text : `${text}\n\n${NOTE}`.slice(0, room);
}

function textOf(sections: readonly Section[]): string {
  return sections
    .flatMap((section) => section.lines)
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}
