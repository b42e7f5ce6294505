import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { PresentFile } from '../../src/checks/evidence.ts';
import { type Expiration, expirationsIn } from '../../src/expiration.ts';
import { readClusterPki } from '../../src/index.ts';
import {
  type ExpirationReport,
  expirationJson,
  expirationText,
  expirationYaml,
} from '../../src/report/expiration.ts';

// What the real kubeadm printed of the trees that it had just made.
const golden = resolve('fixtures/kubeadm');
const cases = readdirSync(golden).filter((name) => existsSync(join(golden, name, 'check-expiration.txt')));
const recorded = (name: string, form: string): string =>
  readFileSync(join(golden, name, `check-expiration.${form}`), 'utf8');

const readTree = (name: string): Promise<readonly PresentFile[]> =>
  readClusterPki({ certDir: join(golden, name, 'pki'), kubeconfigDir: join(golden, name) });

async function reportOf(name: string, at: Date): Promise<ExpirationReport> {
  const expirations = await expirationsIn({ files: await readTree(name), options: {}, at });
  return { expirations, at, warnWithinSeconds: 0, pathOf: (path) => path };
}

interface Recorded {
  readonly certificates: readonly {
    readonly expirationDate: string;
    readonly residualTime: number;
  }[];
}

/** The second in which it was printed: every date and what was left until then say the same one. */
function momentOf({ certificates }: Recorded): Date {
  const moments = certificates.map(
    ({ expirationDate, residualTime }) => Date.parse(expirationDate) - residualTime * 1000,
  );
  expect(new Set(moments).size).toBe(1);
  return new Date(moments[0] ?? Number.NaN);
}

const endOf = ({ certificate }: Expiration): number => certificate?.notAfter.getTime() ?? Number.NaN;

describe('what the real kubeadm said of its own trees', () => {
  test('is recorded for several releases, in every form that they have', () => {
    expect(cases.length).toBeGreaterThanOrEqual(5);
    expect(cases.filter((name) => existsSync(join(golden, name, 'check-expiration.json')))).toHaveLength(3);
  });

  test.each(cases)('%s: the text is the same to the letter', async (name) => {
    const { expirations } = await reportOf(name, new Date('2026-11-23T00:00:00Z'));
    const first = Math.min(...expirations.map(endOf));
    // Within the day after they were made all of it reads the same.
    const report = await reportOf(name, new Date(first - 365 * 86_400_000 + 5000));
    expect(`${expirationText(report).join('\n')}\n`).toBe(recorded(name, 'txt'));
  });

  test.each(cases.filter((name) => existsSync(join(golden, name, 'check-expiration.json'))))(
    '%s: the JSON is the same to the letter at that second, and the YAML says the same',
    async (name) => {
      const text = recorded(name, 'json');
      const document: Recorded = JSON.parse(text);
      const report = await reportOf(name, momentOf(document));
      expect(`${JSON.stringify(expirationJson(report), null, 4)}\n`).toBe(text);
      const yaml = (await expirationYaml(report)).join('\n');
      expect(parse(yaml)).toEqual(document);
      // Readers of YAML 1.1 take a bare one for a time.
      expect(yaml).toMatch(/^- caName: ca\n {2}expirationDate: "2027-11-23T\d\d:\d\d:\d\dZ"$/m);
    },
  );
});
