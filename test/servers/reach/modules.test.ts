import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { slotOwners } from '../../../src/core/cluster.ts';
import type { Journal } from '../../../src/engine/carry-out.ts';
import { wordInSlot } from '../../../src/migration/key-slot.ts';
import { run } from '../../../src/steps/move-slots/run.ts';
import { applyOn, type Ground, look, planOn } from '../../support/apply.ts';
import { type LocalPlatform, startLocalPlatform } from '../../support/local-platform.ts';
import { knows, REPRESENTATIVES, type ServerProgram } from '../../support/servers.ts';
import { inWords, Tally, tallies, talliesHeld, writeTallies } from '../../support/tally.ts';
import { topologyOf } from '../../support/topology.ts';
import { isAble, notesOf, podName } from '../migration/atomic-stage.ts';
import { move, openSlots, stageOf } from '../migration/stage.ts';

/** Of slots of the first of three shards. */
const KEYS = tallies(Array.from({ length: 300 }, (_, slot) => wordInSlot(slot)));
const WRITTEN = inWords(KEYS);

describe.each([...REPRESENTATIVES])('on $name', (server) => {
  let tally: Tally;

  beforeAll(() => {
    tally = new Tally();
  });

  afterAll(() => tally[Symbol.dispose]());

  test('keys of a module move with their slots, as a whole where both sides have the same version of it', async () => {
    const [one, other] = [1, 2].map((version) => tally.build({ version, asAWhole: true }));
    await using platform = await withModules(server, [one, one, other]);
    await using redis = platform.redis();
    const moves = [
      { to: podName(1), slots: [[0, 99]], method: 'auto' },
      { to: podName(1), slots: [[100, 199]], method: 'classic' },
      { to: podName(2), slots: [[200, 299]], method: 'auto' },
    ] as const;
    const notes: string[] = [];
    for (const { to, slots, method } of moves) {
      const context = await stageOf(platform, redis, { method });
      await run(move(podName(0), to, slots), context);
      notes.push(notesOf(context.told));
    }
    expect(notes.map((text) => text.includes('key by key'))).toEqual([!isAble(server), false, true]);
    if (isAble(server)) expect(notes[2]).toContain(`${podName(2)} lacks the module tally 1`);
    expect(await openSlots(platform, redis)).toEqual([]);
    expect(await held(platform)).toEqual(WRITTEN);
  });

  test('where the receiver lacks the module, the plan says so, nothing is lost, and with it the move goes on', async () => {
    const file = tally.build({ version: 1, asAWhole: false });
    await using platform = await withModules(server, [file, file, file]);
    await using redis = platform.redis();
    const ground: Ground = { kubernetes: platform.kubernetes, redis };
    const topology = topologyOf(platform.place, { shards: 4, replicas: 0 });
    await platform.scale(4);
    const { dangers } = await planOn(ground, topology);
    expect(dangers).toContainEqual({
      code: 'modules-differ',
      text: expect.stringContaining(`${podName(3)} lacks tally`),
      needs: null,
    });
    await expect(applyOn(ground, topology)).rejects.toMatchObject({
      code: 'migration-failed',
      message: expect.stringContaining('it lacks the module that made it'),
    });
    expect(await held(platform)).toEqual(WRITTEN);
    await platform.call(podName(3), ['MODULE', 'LOAD', file]);
    const told: string[] = [];
    await applyOn(ground, topology, { journal: journalOf(told) });
    const isAsked = isAble(server) && server.name.startsWith('valkey');
    expect(told.some((text) => text.includes('tally does not support atomic slot migrations'))).toBe(isAsked);
    expect(slotOwners(await look(ground, topology))).toHaveLength(4);
    expect(await held(platform)).toEqual(WRITTEN);
  });
});

function journalOf(told: string[]): Journal {
  return {
    stage: (_number, _planned, work) => work(),
    tell: (event) => {
      if (event.kind === 'note') told.push(event.text);
    },
  };
}

/** Three shards, each with a build of the module, and keys in slots of the first. */
async function withModules(server: ServerProgram, files: readonly (string | undefined)[]): Promise<LocalPlatform> {
  const asked = 'enable-module-command';
  const config = knows(server, `${asked} yes`) ? { [asked]: 'yes' } : {};
  const platform = await startLocalPlatform({ server, pods: 3, config });
  for (const [n, file] of files.entries()) await platform.call(podName(n), ['MODULE', 'LOAD', file ?? '']);
  await platform.form({ shards: 3, replicas: 0 });
  await using redis = platform.redis();
  await writeTallies({ pods: platform.pods(), redis }, KEYS);
  return platform;
}

async function held(platform: LocalPlatform): Promise<readonly string[]> {
  await using redis = platform.redis();
  return await talliesHeld({ pods: platform.pods(), redis });
}
