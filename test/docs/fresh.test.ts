import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RELEASED, VERSION } from '../../src/release.ts';

const ROOT = resolve(__dirname, '../..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

test('the documents that are made from the tables are fresh', () => {
  const { status, stderr } = spawnSync(process.execPath, ['tools/write-docs.mjs', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('package.json, the changelog and the program agree on the release', () => {
  const [, version, day] = /^## (\S+) – (\S+)$/m.exec(read('CHANGELOG.md')) ?? [];
  expect(version).toBe(VERSION);
  expect(JSON.parse(read('package.json')).version).toBe(VERSION);
  expect(RELEASED).toBe(`${day}T00:00:00Z`);
});

const DOCUMENTS = [
  ...readdirSync(ROOT),
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'));

test.each(DOCUMENTS)('the links of %s lead somewhere', (name) => {
  const targets = [...read(name).matchAll(/\]\(([^)#\s]+)\)/g)].map(([, target = '']) => target);
  const local = targets.filter((target) => !/^[a-z]+:/.test(target));
  expect(local.filter((target) => !existsSync(join(ROOT, dirname(name), target)))).toEqual([]);
});
