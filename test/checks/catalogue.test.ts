import { expect, test } from '@jest/globals';
import { CATALOGUE } from '../../src/catalogue.ts';

test('every check has a code of its own, a rule, a citation and a remedy', () => {
  expect(new Set(CATALOGUE.map(({ code }) => code)).size).toBe(CATALOGUE.length);
  for (const { code, says, citation, remedy, on, zlint = [] } of CATALOGUE) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    for (const part of [says, citation, remedy, on]) expect(part).toMatch(/[^.]$/);
    for (const name of zlint) expect(name).toMatch(/^[ewn]_[a-z0-9_]+$/);
  }
});
