import { grouped } from '../src/report/units.ts';
import { GOALS, type Server } from './goals.ts';
import { table } from './record.ts';
import { type Measured, resultOf } from './results.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { WAYS } from './ways.ts';

/** What `npm run bench` puts into docs/performance.md: a chart, the goals, and a table for each scenario. */
export function pageOf(results: readonly Measured[]): string {
  const scenarios = SCENARIOS.flatMap((scenario) => {
    const rows = results.filter((one) => one.scenario === scenario.name);
    return rows.length === 0 ? [] : [`### ${headingOf(scenario)}\n\n${tableOf(rows)}${distance(scenario, rows)}`];
  });
  return [
    '![Seconds to move a quarter of the slots, by server, data and way](images/moving-slots.svg)',
    `### Goals\n\n${goals(results)}`,
    ...scenarios,
    origin(results),
  ].join('\n\n');
}

export function serversIn(results: readonly Measured[]): readonly Server[] {
  return [...new Map(results.map(({ server, atomic }) => [server, { name: server, atomic }])).values()].toSorted(
    (a, b) => (a.name < b.name ? -1 : 1),
  );
}

function headingOf({ name, words }: Scenario): string {
  return `${name}: ${words}`;
}

/** What the delay came to: timers are not exact. */
function distance({ delay }: Scenario, results: readonly Measured[]): string {
  if (delay === 0) return '';
  const times = results.map(({ roundTrip }) => roundTrip);
  return `\n\nA round trip took ${ms(Math.min(...times))} to ${ms(Math.max(...times))} (PING before anything moved, the median of each row).`;
}

function goals(results: readonly Measured[]): string {
  const servers = serversIn(results);
  const rows = GOALS.map(({ words, reached }) => [
    words,
    ...servers.map((server) => {
      const cell = reached(results, server);
      if (cell === null) return '';
      return cell.met ? `${cell.figure}, met` : `**${cell.figure}, missed**`;
    }),
  ]);
  return table([['goal', ...servers.map(({ name }) => name)], ...rows]);
}

function tableOf(results: readonly Measured[]): string {
  const head = [
    'server',
    'way',
    'time',
    'to the engine',
    'keys/s',
    'PING p50',
    'p99',
    'max',
    'errors',
    'slowest',
    'CPU',
  ];
  const rows = serversIn(results).flatMap(({ name }) =>
    WAYS.flatMap((way) => {
      const one = results.find((result) => result.server === name && result.way === way.name);
      return one === undefined ? [] : [[name, way.words, ...figures(one, results)]];
    }),
  );
  return table([head, ...rows]);
}

function figures(one: Measured, results: readonly Measured[]): readonly string[] {
  const engine = resultOf(results, { ...one, way: 'engine' });
  return [
    `${one.seconds.toFixed(2)} s`,
    engine === undefined ? '' : `${(one.seconds / engine.seconds).toFixed(2)} ×`,
    one.keys === 0 ? '' : grouped(Math.round(one.moved / one.seconds)),
    ms(one.ping.p50),
    ms(one.ping.p99),
    ms(one.ping.max),
    errorsOf(one),
    ms(one.clients.slowest),
    processorTime(one),
  ];
}

function processorTime({ processor: { donor, receiver, engine } }: Measured): string {
  const parts = engine === null ? [donor, receiver] : [donor, receiver, engine];
  return `${parts.map((seconds) => seconds.toFixed(2)).join(' / ')} s`;
}

/** Failed commands, wrong and stale replies and what was lost, of all commands. */
function errorsOf({ clients }: Measured): string {
  const bad = clients.errors + clients.wrong + clients.stale + clients.late + clients.differences;
  return `${bad} of ${grouped(clients.writes + clients.reads)}`;
}

function origin(results: readonly Measured[]): string {
  const runs = new Map(results.map(({ server, times }) => [server, times.length]));
  const versions = new Map(results.map(({ server, version }) => [server, version]));
  const most = Math.max(...runs.values());
  return [
    `Versions: ${serversIn(results)
      .map(({ name }) => `${name.split('-')[0]} ${versions.get(name)}`)
      .join(', ')}.`,
    `On ${machines(results)}.`,
    most > 1 ? `Each row is the middle one of up to ${most} runs by time.` : 'Each row is one run.',
  ].join(' ');
}

/** Each machine once, with the least and the most that it did besides. */
function machines(results: readonly Measured[]): string {
  const loads = new Map<string, number[]>();
  for (const { machine } of results) {
    const [, name = machine, load = '0'] = /^(.*), load ([\d.]+) before$/.exec(machine) ?? [];
    loads.set(name, [...(loads.get(name) ?? []), Number(load)]);
  }
  return [...loads].map(([name, all]) => `${name}, load ${Math.min(...all)} to ${Math.max(...all)} before`).join('; ');
}

function ms(time: number): string {
  return `${time.toFixed(time < 10 ? 2 : 0)} ms`;
}
