import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Finding } from '../../src/finding.ts';
import { parseWaivers } from '../../src/index.ts';
import { waive } from '../../src/select/waive.ts';
import { parseWaiverFile } from '../../src/select/waiver-file.ts';

const WAIVER = { code: 'key-readable', subject: 'ca', reason: 'a vault', until: '2027-06-30' };
const AT = new Date('2026-11-26T12:00:00Z');

const FINDING: Finding = {
  code: 'key-readable',
  severity: 'error',
  row: 'ca',
  path: 'pki/ca.key',
  message: 'can be read by others',
};
const STRAY: Finding = { code: 'file-unknown', severity: 'notice', path: 'pki/old.key', message: 'is here' };

/** What is wrong with a file: line, column and rule. */
async function faultsOf(text: string): Promise<readonly string[]> {
  const { faults, waivers } = await parseWaiverFile(text);
  if (faults.length > 0) expect(waivers.length).toBeLessThan(3);
  return faults.map(({ line, column, rule }) => `${line}:${column} ${rule}`);
}

describe('a file of waivers', () => {
  test('is a list', async () => {
    const text = `# accepted
- code: key-readable
  subject: ca
  reason: a vault
  until: 2027-06-30
- { code: file-unknown, subject: pki/old.key, reason: "kept: for a while", until: "2026-12-31" }
`;
    expect(await parseWaivers(text)).toEqual([
      WAIVER,
      { code: 'file-unknown', subject: 'pki/old.key', reason: 'kept: for a while', until: '2026-12-31' },
    ]);
  });

  test('is such as the documents show', async () => {
    const [, example = ''] = /```yaml\n([^]*?)```/.exec(readFileSync('docs/selection.md', 'utf8')) ?? [];
    expect(await parseWaivers(example)).toHaveLength(1);
  });

  test.each(['', '# none yet\n', '[]\n', '---\n'])('may have none: %j', async (text) => {
    expect(await parseWaiverFile(text)).toEqual({ waivers: [], faults: [] });
  });

  test('is wrong in all places at once', async () => {
    const text = `- code: key-readable
  subject: 5
  reson: typing
  until: 2027-02-30
- code: expired
- just a text
- code: a
  subject: b
  reason: c
  until: 2027-01-01
- code: a
  subject: b
  reason: d
  until: 2028-01-01
- { code: [], subject: b, reason: " ", until: 2027-01-01 }
- { code: x, subject: b, reason: y, until: 2027-01-01T00:00:00Z }
`;
    expect(await faultsOf(text)).toEqual([
      '2:12 waiver 1: subject must be a text that is not empty',
      '3:3 waiver 1: reson is no field of a waiver',
      '4:10 waiver 1: until must be a day',
      '1:3 waiver 1: lacks reason',
      '5:3 waiver 2: lacks subject, reason, until',
      '6:3 waiver 3: must have the fields code, subject, reason, until',
      '11:3 waiver 5: waives the same as waiver 4',
      '15:11 waiver 6: code must be a text that is not empty',
      '15:35 waiver 6: reason must be a text that is not empty',
      '16:44 waiver 7: until must be a day',
    ]);
  });

  test.each([
    ['code: a', '1:1 must be a list of waivers'],
    ['text', '1:1 must be a list of waivers'],
    ['- code: a\n  code: b', '2:3 has a field twice'],
    ['- code: "a', '1:11 is not YAML'],
    ['[]\n---\n[]', '2:1 has several documents'],
    [
      '- &a { code: a, subject: b, reason: c, until: 2027-01-01 }\n- *a',
      '2:3 waiver 2: waives the same as waiver 1',
    ],
    [
      '- { 5: a, code: a, subject: b, reason: c, until: 2027-01-01 }',
      '1:5 waiver 1: 5 is no field of a waiver',
    ],
  ])('is refused: %j', async (text, fault) => {
    const [first] = await faultsOf(text);
    expect(first?.startsWith(fault) === true ? fault : first).toBe(fault);
  });

  test('is refused by an error of the library, too', async () => {
    await expect(parseWaivers('- code: a')).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: { issues: [{ option: 'waivers', line: 1, column: 3 }] },
    });
  });
});

describe('a waiver', () => {
  const waived = (waiver: Partial<typeof WAIVER>, at = AT) =>
    waive([FINDING, STRAY], [{ ...WAIVER, ...waiver }], at);

  test.each([{}, { subject: 'pki/ca.key' }])('marks what it names: %j', (waiver) => {
    expect(waived(waiver)).toEqual([
      { ...FINDING, waiver: { reason: 'a vault', until: '2027-06-30' } },
      STRAY,
    ]);
  });

  test('holds until its day is over', () => {
    expect(waived({}, new Date('2027-06-30T23:59:59Z'))[0]).toHaveProperty('waiver');
    const [first, , last] = waived({}, new Date('2027-07-01T00:00:00Z'));
    expect(first).not.toHaveProperty('waiver');
    expect(last).toMatchObject({
      code: 'waiver-expired',
      severity: 'warning',
      row: 'ca',
      path: 'pki/ca.crt',
      field: 'key-readable',
      found: 'until 2027-06-30: a vault',
    });
  });

  test.each([
    [{ code: 'expired' }, { row: 'ca', path: 'pki/ca.crt' }],
    [{ subject: 'pki/ca.crt' }, { row: 'ca', path: 'pki/ca.crt' }],
    [{ subject: 'pki/gone.key' }, { path: 'pki/gone.key' }],
  ])('that nothing needs is a finding: %j', (waiver, place) => {
    const [first, , last] = waived(waiver);
    expect(first).not.toHaveProperty('waiver');
    expect(last).toMatchObject({ code: 'waiver-unused', severity: 'warning', ...place });
  });

  test('of the same finding twice, by row and by path, is used twice', () => {
    const waivers = [WAIVER, { ...WAIVER, subject: 'pki/ca.key', reason: 'again' }];
    expect(waive([FINDING], waivers, AT)).toEqual([
      { ...FINDING, waiver: { reason: 'a vault', until: '2027-06-30' } },
    ]);
  });
});
