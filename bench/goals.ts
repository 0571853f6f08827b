import { type Measured, resultOf } from './results.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import type { Way } from './ways.ts';

/** What one server's figures are held against. */
export interface Goal {
  readonly words: string;
  /** Null: no goal for such a server, or not measured. */
  readonly reached: (results: readonly Measured[], server: Server) => Reached | null;
}

export interface Server {
  readonly name: string;
  readonly atomic: boolean;
}

export interface Reached {
  readonly figure: string;
  readonly met: boolean;
}

type On = 'every' | 'atomic' | 'classic';

export const GOALS: readonly Goal[] = [
  faster('no keys', { scenario: 'empty', than: 'cli', least: 12, on: 'every' }),
  faster('1,000,000 keys of 100 B, key by key', { scenario: 'small', than: 'cli', least: 6, on: 'classic' }),
  faster('1,000,000 keys of 100 B, key by key', { scenario: 'small', than: 'cli-100', least: 3.5, on: 'classic' }),
  faster('1,000,000 keys of 100 B, slots as a whole', { scenario: 'small', than: 'cli', least: 35, on: 'atomic' }),
  faster('1 ms between processes', { scenario: 'slow-link', than: 'cli', least: 30, on: 'every' }),
  faster('1 ms between processes', { scenario: 'slow-link', than: 'cli-100', least: 12, on: 'every' }),
  calm("donor's PING p99, default pace", { way: 'engine', most: 10 }),
  calm("donor's PING p99, `maxLatency: 5ms`", { way: 'engine-5ms', most: 5 }),
];

function faster(what: string, goal: { scenario: Scenario['name']; than: Way['name']; least: number; on: On }): Goal {
  const tool = goal.than === 'cli' ? 'the tool' : 'the tool with pipeline 100';
  return {
    words: `${what}: ≥ ${goal.least} × ${tool}`,
    reached: (results, server) => {
      if (goal.on !== 'every' && (goal.on === 'atomic') !== server.atomic) return null;
      const at = (way: Way['name']) => resultOf(results, { server: server.name, scenario: goal.scenario, way });
      const [engine, other] = [at('engine'), at(goal.than)];
      if (engine === undefined || other === undefined) return null;
      const ratio = other.seconds / engine.seconds;
      return { figure: `${ratio.toFixed(1)} ×`, met: ratio >= goal.least };
    },
  };
}

/** The worst of all scenarios counts. */
function calm(what: string, goal: { way: Way['name']; most: number }): Goal {
  return {
    words: `${what}: ≤ ${goal.most} ms, whatever moves`,
    reached: (results, server) => {
      const times = SCENARIOS.flatMap(({ name }) => {
        const result = resultOf(results, { server: server.name, scenario: name, way: goal.way });
        return result === undefined ? [] : [{ name, p99: result.ping.p99 }];
      });
      const worst = times.toSorted((a, b) => b.p99 - a.p99)[0];
      if (worst === undefined) return null;
      return { figure: `${worst.p99.toFixed(1)} ms (${worst.name})`, met: worst.p99 <= goal.most };
    },
  };
}
