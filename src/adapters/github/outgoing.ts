import { Failure } from '../../core/failure.ts';

/** GitHub refuses longer bodies of comments and issues (422). */
const LONGEST_BODY = 65_536;

/** The text as it may leave: without secrets, and not longer than GitHub takes. */
export function outgoing(text: string, redact: (text: string) => string): string {
  const body = redact(text);
  if (body.length <= LONGEST_BODY) return body;
  throw new Failure(
    'internal-error',
    `A text of ${body.length} characters was to be posted; GitHub takes ${LONGEST_BODY}.`,
    { remedy: 'Please report it with the log. The plan is in the job summary.' },
  );
}
