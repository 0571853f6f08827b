import { styleText } from 'node:util';

export function heading(text: string): void {
  console.log(`\n${styleText(['bold', 'cyan'], text)}`);
}
