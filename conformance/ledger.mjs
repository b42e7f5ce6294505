// What a case held against what: counted, and said where it did not hold.
import { isDeepStrictEqual } from 'node:util';

export function createLedger() {
  let checks = 0;
  const failures = [];
  return {
    expect(what, found, wanted) {
      checks += 1;
      if (!isDeepStrictEqual(found, wanted))
        failures.push(`${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`);
    },
    expectMatch(what, text, pattern) {
      checks += 1;
      if (!pattern.test(text)) failures.push(`${what}: ${JSON.stringify(text)}, expected ${pattern}`);
    },
    outcome: () => ({ checks, failures }),
  };
}
