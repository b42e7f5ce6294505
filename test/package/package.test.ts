import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isOnPath, oracle } from '../support/oracles.ts';

const ROOT = resolve(__dirname, '../..');
const PROGRAMS = join(__dirname, 'programs');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const TSC_OPTIONS =
  '--strict --skipLibCheck false --target es2022 --lib es2022 --module nodenext --exactOptionalPropertyTypes --types node';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let project: string;
let contents: readonly string[];

function start(command: string, args: readonly string[]): Ended {
  return spawnSync(command, args, { cwd: project, encoding: 'utf8' });
}

/** What a program prints. */
function outputOf(args: readonly string[]): Record<string, unknown> {
  const { status, stdout, stderr } = start(process.execPath, args);
  if (status !== 0) throw new Error(`exit ${status}\n${stdout}${stderr}`);
  return JSON.parse(stdout);
}

function linkModule(name: string): void {
  const path = join(project, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), path);
}

// The packed package as an installation leaves it, its dependencies linked: no registry is asked.
beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'k8s-pki-package-')));
  const pack = ['pack', '--ignore-scripts', '--offline', '--silent', '--pack-destination', project];
  const packed = spawnSync('npm', pack, { cwd: ROOT, encoding: 'utf8' });
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`nothing was packed: ${packed.stderr}`);
  const target = join(project, 'node_modules/k8s-pki');
  mkdirSync(target, { recursive: true });
  spawnSync('tar', ['-xzf', join(project, tarball), '-C', target, '--strip-components=1']);
  contents = readdirSync(target, { recursive: true, encoding: 'utf8' });
  const { dependencies } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node']) linkModule(name);
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  for (const name of readdirSync(PROGRAMS)) {
    copyFileSync(join(PROGRAMS, name), join(project, name.replace(/\.txt$/, '')));
  }
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the packed package', () => {
  test('holds the program with its types, the documents and nothing else', () => {
    const top = contents.filter((name) => !name.includes('/')).toSorted();
    expect(top).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.ja.md',
      'README.md',
      'SECURITY.md',
      'contrib',
      'dist',
      'package.json',
    ]);
    expect(contents).toEqual(expect.arrayContaining(['dist/cli.js', 'dist/index.js', 'dist/index.d.ts']));
    const names = contents.filter((name) => name.startsWith('dist/') && name.includes('.'));
    expect(names.filter((name) => !/\.(js|d\.ts|js\.map)$/.test(name))).toEqual(['dist/THIRD-PARTY.txt']);
  });

  test('has a command that can be started', () => {
    const { bin, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const { stdout } = start(join('node_modules/k8s-pki', bin['k8s-pki']), ['--version']);
    expect(stdout).toBe(`${version}\n`);
  });
});

describe('a program that imports it', () => {
  let output: Record<string, unknown>;
  beforeAll(() => {
    output = outputOf(['esm.mjs']);
  });

  test('generates, writes and reads a PKI', () => {
    expect(output).toMatchObject({ first: 26, read: 26, again: [], twice: 'ERR_OBSTACLE' });
  });

  test('completes CAs that are values, with their keys or with signers in their place', () => {
    const made = output['withKeys'];
    expect(made).toHaveLength(18);
    expect(made).not.toContain('pki/ca.crt');
    expect(output['withSigners']).toEqual(made);
    expect(output['isSignedByCa']).toBe(true);
  });

  test('is told by code what is wrong', () => {
    expect(output['withoutKeys']).toEqual([
      'ERR_REFUSED',
      ...Array.from({ length: 11 }, () => 'signer-key-absent'),
    ]);
    expect(output['wrongSigner']).toBe('ERR_KEY');
    expect(output['wrongRequest']).toEqual(['ERR_CONFIG', 'host-ip', 'hostname', 'service-cidr']);
    expect(output['wrongPath']).toEqual(['ERR_CONFIG', 'existing']);
  });

  test('may be a CommonJS one', () => {
    expect(outputOf(['common.cjs'])).toEqual({ files: 26, rows: expect.any(Number), isPkiError: true });
  });

  test('may be in strict TypeScript, without the DOM and with every declaration checked', () => {
    const { stdout, stderr } = start(process.execPath, [TSC, ...TSC_OPTIONS.split(' '), 'strict.ts']);
    expect(stdout + stderr).toBe('');
    expect(outputOf(['strict.js'])).toMatchObject({ files: 26, kept: ['admin.conf'], read: 26, wrong: 1 });
  }, 60_000);
});

describe('generation', () => {
  test('is repeated to the byte by injected keys, clock and random bytes, also beside other calls', () => {
    const output = outputOf(['pure.mjs']);
    expect(output).toMatchObject({
      isTwoTheSame: true,
      isThirdTheSame: true,
      kept: 0,
      otherProfile: 'hardened',
    });
    expect(output['otherNames']).toEqual(expect.arrayContaining(['cp2', 'fd00::1', '::1']));
    expect(output['notBefore']).toEqual(['2027-03-01T11:55:00.000Z']);
  }, 60_000);

  test('leaves the process as it was', () => {
    expect(outputOf(['pure.mjs'])).toHaveProperty('isWorldTheSame', true);
  }, 60_000);
});

const withStrace = oracle('strace', isOnPath('strace'), 'strace is not on the PATH');
withStrace('generation', () => {
  test('touches no file but what it is loaded from', () => {
    const traced = start('strace', [
      '-f',
      '-qq',
      '-s',
      '64',
      '-e',
      `trace=%file,write`,
      '-o',
      'trace',
      process.execPath,
      'pure.mjs',
    ]);
    expect(traced.status).toBe(0);
    const lines = readFileSync(join(project, 'trace'), 'utf8').split('\n');
    const at = (words: string): number => lines.findIndex((line) => line.includes(words));
    const during = lines
      .slice(at('generation begins') + 1, at('generation has ended'))
      .filter((line) => !line.includes('write('));
    expect(
      during.filter((line) => /O_WRONLY|O_RDWR|O_CREAT|mkdir|rename|unlink|chmod|chown|symlink/.test(line)),
    ).toEqual([]);
    const paths = during.flatMap((line) => /"([^"]+)"/.exec(line)?.[1] ?? []);
    const isOfProject = (path: string): boolean => path.startsWith(`${project}/`) || !path.startsWith('/');
    expect(paths.filter((path) => isOfProject(path) && !/\/(node_modules|package\.json)/.test(path))).toEqual(
      [],
    );
  }, 60_000);
});
