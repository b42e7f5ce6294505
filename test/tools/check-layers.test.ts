import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
let source: string;

function check(path: string): { readonly status: number | null; readonly stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, ['tools/check-layers.mjs', path], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, stderr };
}

beforeAll(() => {
  source = mkdtempSync(join(tmpdir(), 'k8s-pki-layers-'));
  cpSync(join(ROOT, 'src'), source, { recursive: true });
});
afterAll(() => rmSync(source, { recursive: true, force: true }));

/** Appends a line to a file of the copy, which may be a new one, for as long as `body` runs. */
function withLine<T>(name: string, line: string, body: () => T): T {
  const path = join(source, name);
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, '');
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, `${before}${line}\n`);
  try {
    return body();
  } finally {
    if (before === '') rmSync(path);
    else writeFileSync(path, before);
  }
}

describe('the check of the layers', () => {
  test('passes on the sources', () => {
    expect(check('src')).toEqual({ status: 0, stderr: '' });
  });

  test.each([
    ['an import upwards', 'x509/time.ts', "import '../pki.ts';", 'must not import ../pki.ts'],
    [
      'an import upwards as a type',
      'table/row.ts',
      "import type { Plan } from '../plan.ts';",
      'must not import ../plan.ts',
    ],
    [
      'a lazy import upwards',
      'checks/run.ts',
      "void import('../report/init.ts');",
      'must not import ../report/init.ts',
    ],
    ['an export from upwards', 'errors.ts', "export * from './index.ts';", 'must not import ./index.ts'],
    ['an import sideways', 'ca/issue.ts', "import '../checks/run.ts';", 'must not import ../checks/run.ts'],
    [
      'an import of the store from the pure middle',
      'pki.ts',
      "import './store/store.ts';",
      'must not import ./store/store.ts',
    ],
    [
      'knowledge of certificates in the store',
      'store/json.ts',
      "import '../x509/pem.ts';",
      'must not import ../x509/pem.ts',
    ],
    [
      'a file outside of the store',
      'pki.ts',
      "import { readFileSync } from 'node:fs';",
      'must not import node:fs',
    ],
    [
      'a file by its promise',
      'report/init.ts',
      "import 'node:fs/promises';",
      'must not import node:fs/promises',
    ],
    ['a file without the prefix', 'resolve/text.ts', "import 'fs';", 'must not import fs'],
    [
      'X.509 outside of its room',
      'certs/issue.ts',
      "import '@peculiar/x509';",
      'must not import @peculiar/x509',
    ],
    ['a command line below the top', 'request.ts', "import 'yargs';", 'must not import yargs'],
    ['YAML where none is read', 'pki.ts', "import 'yaml';", 'must not import yaml'],
    ['the system outside of the edge', 'cluster/parse.ts', "import 'node:os';", 'must not import node:os'],
    ['the network', 'store/store.ts', "import 'node:https';", 'must not import node:https'],
    ['the process', 'plan.ts', 'export const cwd = process.cwd();', 'touches process or console'],
    ['printing', 'checks/run.ts', "console.log('');", 'touches process or console'],
    ['the clock', 'pki.ts', 'export const now = Date.now();', 'reads the clock'],
    ['the clock by a constructor', 'certs/issue.ts', 'export const now = new Date();', 'reads the clock'],
    ['poor randomness', 'x509/issue.ts', 'export const serial = Math.random();', 'uses Math.random'],
    [
      'a row by its name',
      'certs/issue.ts',
      "export const id = 'front-proxy-client';",
      'knows the row front-proxy-client by name',
    ],
    ['a room that nobody knows', 'helpers/text.ts', 'export const text = 1;', 'helpers is no known room'],
  ])('fails on %s', (_, name, line, says) => {
    const { status, stderr } = withLine(name, line, () => check(source));
    expect(status).toBe(1);
    for (const breach of stderr.trimEnd().split('\n')) expect(breach).toContain(`${name}: ${says}`);
  });

  test('does not read comments', () => {
    const comment = "// as process.cwd(), new Date() and import 'yargs' would, and 'front-proxy-client'";
    expect(withLine('plan.ts', comment, () => check(source))).toEqual({ status: 0, stderr: '' });
  });
});
