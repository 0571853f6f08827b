/** A part of a text that is left out as a whole or not at all. */
export interface Section {
  readonly lines: readonly string[];
  /** What is left out earliest has the lowest number; null: never. */
  readonly drop: number | null;
  /** How the note speaks of it. */
  readonly name?: string;
}

/** How long a text may be, and how its length is counted. */
export interface Room {
  readonly most: number;
  readonly sizeOf: (text: string) => number;
  /** Where all of it is to be found. */
  readonly elsewhere: string;
}

/** The sections as one text: whole sections go, in their order, until it fits, and the text says which. */
export function fitting(sections: readonly Section[], room: Room): string {
  const order = sections
    .filter((section) => section.drop !== null && section.lines.length > 0)
    .toSorted((a, b) => (a.drop ?? 0) - (b.drop ?? 0));
  const gone: Section[] = [];
  for (;;) {
    const text = textOf(sections, gone, room.elsewhere);
    const next = order[gone.length];
    if (room.sizeOf(text) <= room.most || next === undefined) return text;
    gone.push(next);
  }
}

/** The note stands before the last section. */
function textOf(sections: readonly Section[], gone: readonly Section[], elsewhere: string): string {
  const names = gone.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const note = names.length === 0 ? [] : ['', `*Left out for want of room: ${names.join(', ')}. ${elsewhere}*`, ''];
  const kept = sections.filter((section) => !gone.includes(section)).map(({ lines }) => ['', ...lines]);
  return [...kept.slice(0, -1), note, ...kept.slice(-1)]
    .flat()
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}
