import { asFailure, type Failure } from '../../core/failure.ts';

/** Ends the process in words where nobody catches an error: Node would print the bundle's single line of some megabytes. */
export function lastResort(tell: (failure: Failure) => void): void {
  process.on('uncaughtException', (thrown) => {
    tell(asFailure(thrown));
    process.exit(1);
  });
}
