import { describe } from '@jest/globals';
import type { ServerProgram } from './servers.ts';

/** As describe.each, which takes no empty list: a machine may have no server of the kind that a test is about. */
export function describeOn(
  servers: readonly ServerProgram[],
): (title: string, tests: (server: ServerProgram) => void) => void {
  return (title, tests) => {
    for (const server of servers) describe(title.replaceAll('$name', server.name), () => tests(server));
  };
}
