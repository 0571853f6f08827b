import { serversIn } from './page.ts';
import { type Measured, resultOf } from './results.ts';
import { SCENARIOS } from './scenarios.ts';
import { WAYS } from './ways.ts';

// A row for each server and scenario, its ways as dots on a logarithmic axis of seconds.

const WIDTH = 860;
const LEFT = 190;
const RIGHT = 90;
const TOP = 64;
const ROW = 24;
const LETTER = 6.5;
const [FASTEST, SLOWEST] = [0.1, 1_000] as const;
const DECADES = [FASTEST, 1, 10, 100, SLOWEST];

/** The measurements as an SVG that suits a light and a dark page. */
export function chartOf(results: readonly Measured[]): string {
  const rows = serversIn(results).flatMap(({ name }) =>
    SCENARIOS.flatMap((scenario) => {
      const found = WAYS.flatMap(
        (way) => resultOf(results, { server: name, scenario: scenario.name, way: way.name }) ?? [],
      );
      return found.length === 0 ? [] : [{ label: `${name}, ${scenario.name}`, found }];
    }),
  );
  const height = TOP + rows.length * ROW + 28;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    '<title>Seconds to move a quarter of the slots</title>',
    STYLE,
    ...legend(),
    `<text x="${WIDTH - 12}" y="${TOP - 14}" text-anchor="end">cli : engine</text>`,
    ...DECADES.map((seconds) => gridLine(seconds, height)),
    ...rows.flatMap(({ label, found }, i) => rowOf(label, found, TOP + i * ROW + ROW / 2)),
    '</svg>',
    '',
  ].join('\n');
}

const STYLE = `<style>
text { font: 12px sans-serif; fill: #1f2328 }
line { stroke: #d1d9e0 }
.span { stroke: #818b98; stroke-width: 2 }
.cli { fill: #818b98 } .cli-100 { fill: #fff; stroke: #818b98; stroke-width: 2 }
.engine { fill: #1a7f37 } .engine-classic { fill: #0969da } .engine-5ms { fill: #fff; stroke: #1a7f37; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } line { stroke: #3d444d }
  .cli-100, .engine-5ms { fill: #0d1117 } .engine { fill: #3fb950 } .engine-5ms { stroke: #3fb950 } .engine-classic { fill: #4493f8 }
}
</style>`;

function legend(): readonly string[] {
  let x = 16;
  return WAYS.flatMap(({ name, words }) => {
    const at = x;
    x += 36 + words.length * LETTER;
    return [dot(name, at, 16), `<text x="${at + 10}" y="20">${words}</text>`];
  });
}

function gridLine(seconds: number, height: number): string {
  const x = xOf(seconds);
  return [
    `<line x1="${x}" x2="${x}" y1="${TOP - 8}" y2="${height - 24}"/>`,
    `<text x="${x}" y="${TOP - 14}" text-anchor="middle">${seconds} s</text>`,
  ].join('');
}

function rowOf(label: string, found: readonly Measured[], y: number): readonly string[] {
  const times = found.map(({ seconds }) => seconds);
  const at = (way: string): number | undefined => found.find((one) => one.way === way)?.seconds;
  const [tool, engine] = [at('cli'), at('engine')];
  const ratio = tool === undefined || engine === undefined ? '' : `${(tool / engine).toFixed(1)} ×`;
  return [
    `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${label}</text>`,
    `<line class="span" x1="${xOf(Math.min(...times))}" x2="${xOf(Math.max(...times))}" y1="${y}" y2="${y}"/>`,
    ...found.map(({ way, seconds }) => dot(way, xOf(seconds), y)),
    `<text x="${WIDTH - 12}" y="${y + 4}" text-anchor="end">${ratio}</text>`,
  ];
}

function dot(way: string, x: number, y: number): string {
  return `<circle class="${way}" cx="${x}" cy="${y}" r="5"/>`;
}

function xOf(seconds: number): number {
  const share = Math.log(seconds / FASTEST) / Math.log(SLOWEST / FASTEST);
  return Math.round(LEFT + Math.max(0, share) * (WIDTH - LEFT - RIGHT));
}
