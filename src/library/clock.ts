import { PkiError } from '../errors.ts';
import { RELEASED } from '../release.ts';

/**
 * The clock, unless it shows a time before this release was made: certificates would be dated by it.
 *
 * @throws {PkiError} `ERR_CLOCK`.
 */
export function readClock(): Date {
  const now = new Date();
  if (now.getTime() >= Date.parse(RELEASED)) return now;
  throw new PkiError(
    'ERR_CLOCK',
    `the clock shows ${now.toISOString()}, a time before this release (${RELEASED})`,
    {
      detail: { now: now.toISOString(), released: RELEASED },
      hint: 'set the clock, or go on with --allow-early-clock (in the library: give now)',
    },
  );
}
