import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CATALOGUE } from '../../src/catalogue.ts';
import { readSource } from '../../src/library/source.ts';
import { generateClusterPki, type Profile, verifyClusterPki } from '../../src/index.ts';
import { run, SHAPES } from '../cli/shapes.ts';
import { withDirectory } from '../cli/tree.ts';
import { opensslOracle } from '../x509/openssl.ts';

// Trees that openssl made, each with one fault (fixtures/verify/README.md).
const COMMITTED = resolve('fixtures/verify');
const GENERATOR = resolve('tools/verify-fixtures.mjs');

/** The codes that no tree here can show, and why. */
const WITHOUT_TREE: Readonly<Record<string, string>> = {
  ...because('git keeps no owners, and nobody but root gives files away: test/checks/directories.test.ts', [
    'owner-differs',
  ]),
  ...because('as before: test/checks/cis.test.ts', ['cis-file-owner']),
  ...because('root looks into every directory: test/cli/ordinary-user.test.ts', ['directory-unreadable']),
  ...because('somebody has to listen, or nobody where somebody should: test/cli/live.test.ts', [
    'listener-silent',
    'listener-without-tls',
    'served-chain-differs',
    'served-differs',
    'served-expired',
    'served-name',
    'served-self-signed',
    'served-unreadable',
    'served-untrusted',
  ]),
};

function because(reason: string, codes: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(codes.map((code) => [code, reason]));
}

/** What `fault.json` says. */
interface Fault {
  readonly says: string;
  /** The clean tree that the folder is laid over. */
  readonly tree: string;
  readonly at: string;
  readonly profile: Profile;
  /** Of `k8s-pki verify`, beside moment and profile. */
  readonly arguments?: readonly string[];
  /** What is named to `k8s-pki verify` instead of the tree. */
  readonly audited?: string;
  readonly removed?: readonly string[];
  /** Octal, by path. */
  readonly modes?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
  /** Targets by path. */
  readonly links?: Readonly<Record<string, string>>;
  /** `code path`, each once for each finding. */
  readonly expected: readonly string[];
}

const codesIn = (fixtures: string): readonly string[] =>
  readdirSync(fixtures).filter((name) => existsSync(join(fixtures, name, 'fault.json')));

function faultOf(fixtures: string, code: string): Fault {
  return JSON.parse(readFileSync(join(fixtures, code, 'fault.json'), 'utf8'));
}

/** Git keeps no modes but the run bit. */
function setModes(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) chmodSync(path, /\.(?:key|conf)$/.test(path) ? 0o600 : 0o644);
  }
}

/** Lays a fault over its clean tree. */
function layOut(fixtures: string, code: string, directory: string): void {
  const { tree, removed = [], modes = {}, directories = [], links = {} } = faultOf(fixtures, code);
  cpSync(join(fixtures, tree), directory, { recursive: true });
  for (const path of removed) rmSync(join(directory, path));
  cpSync(join(fixtures, code), directory, { recursive: true });
  rmSync(join(directory, 'fault.json'));
  setModes(directory);
  for (const path of directories) mkdirSync(join(directory, path), { recursive: true });
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(directory, path));
  for (const [path, mode] of Object.entries(modes))
    chmodSync(join(directory, path), Number.parseInt(mode, 8));
}

/** `code path` of all that the library finds. */
async function foundByLibrary(
  directory: string,
  fault: Pick<Fault, 'at' | 'profile'>,
): Promise<readonly string[]> {
  const source = await readSource(directory);
  const { at, profile } = fault;
  const { findings } = await verifyClusterPki({ source, at: new Date(at), profile });
  return findings.map(({ code, path }) => `${code} ${path}`);
}

/** `code path` of all that the command line finds. */
async function foundByCommand(directory: string, fault: Fault): Promise<readonly string[]> {
  const [shape] = SHAPES.slice(-1);
  if (shape === undefined) throw new Error('there is no shape to run');
  const args = ['--at', fault.at, '--profile', fault.profile, ...(fault.arguments ?? [])];
  const { audited = '.' } = fault;
  const { stdout, stderr } = await run(shape, ['verify', audited, ...args, '-o', 'json'], { cwd: directory });
  expect(stderr).toBe('');
  const { findings } = JSON.parse(stdout);
  return findings.map(
    ({ code, path }: { readonly code: string; readonly path: string }) =>
      `${code} ${path.replace(`${directory}/`, '')}`,
  );
}

/** What is found of a fault: by the library, or by the command line where it takes a flag to find it. */
async function found(fixtures: string, code: string): Promise<readonly string[]> {
  const fault = faultOf(fixtures, code);
  return withDirectory(async (directory) => {
    layOut(fixtures, code, directory);
    return fault.arguments === undefined && fault.audited === undefined
      ? foundByLibrary(directory, fault)
      : foundByCommand(directory, fault);
  });
}

const isLookedFor = ({ only }: (typeof CATALOGUE)[number]): boolean => only !== 'plan' && only !== 'requests';

test('every code that verify can find has a tree, or a reason why not', () => {
  const codes = CATALOGUE.filter(isLookedFor).map(({ code }) => code);
  expect([...codesIn(COMMITTED), ...Object.keys(WITHOUT_TREE)].toSorted()).toEqual(codes.toSorted());
});

describe('the tree of', () => {
  test.each(codesIn(COMMITTED))('%s has just that fault', async (code) => {
    expect((await found(COMMITTED, code)).toSorted()).toEqual(faultOf(COMMITTED, code).expected.toSorted());
  });

  test.each(['clean', 'clean-rooted'])('%s has none', async (name) => {
    await withDirectory(async (directory) => {
      cpSync(join(COMMITTED, name), directory, { recursive: true });
      setModes(directory);
      const asked = { at: faultOf(COMMITTED, 'expired').at, profile: 'requirements' } as const;
      expect(await foundByLibrary(directory, asked)).toEqual([]);
    });
  });
});

/** Whether what mends a fault is to have its certificate or kubeconfig made anew, by all that is said of it. */
function isMadeAnew({ tree, arguments: args, audited, expected }: Fault): boolean {
  const findings = expected.map((line) => line.split(' '));
  return (
    tree === 'clean' &&
    args === undefined &&
    audited === undefined &&
    findings.every(([code, path = '']) => {
      const remedy = CATALOGUE.find((row) => row.code === code)?.remedy ?? '';
      return remedy.includes('away and run k8s-pki init again') && !path.endsWith('ca.crt');
    })
  );
}

test('moving away what is named and running init again mends what it is said to mend', async () => {
  const codes = codesIn(COMMITTED).filter((code) => isMadeAnew(faultOf(COMMITTED, code)));
  expect(codes.length).toBeGreaterThan(30);
  for (const code of codes) {
    const { at, profile, expected } = faultOf(COMMITTED, code);
    await withDirectory(async (directory) => {
      layOut(COMMITTED, code, directory);
      const named = expected.map((line) => line.replace(/^.* /, ''));
      const moved = [...named, ...named.map((path) => path.replace(/\.crt$/, '.key'))];
      const { files } = await readSource(directory, { followsLinks: false });
      const existing = files.filter(({ path }) => !moved.includes(path));
      const now = new Date(at);
      const host = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256', profile } as const;
      const made = await generateClusterPki({ ...host, existing, now });
      const after = await verifyClusterPki({ files: [...existing, ...made.files], at: now, ...host });
      expect([code, after.findings]).toEqual([code, []]);
    });
  }
}, 300_000);

opensslOracle('of the version that is here', () => {
  test('makes trees anew in which the same is found', async () => {
    await withDirectory(async (fixtures) => {
      const made = spawnSync(process.execPath, [GENERATOR, fixtures], { encoding: 'utf8' });
      expect(made.stderr).toBe('');
      expect(codesIn(fixtures)).toEqual(codesIn(COMMITTED));
      for (const code of codesIn(fixtures)) {
        expect(faultOf(fixtures, code)).toEqual(faultOf(COMMITTED, code));
        expect([code, ...(await found(fixtures, code)).toSorted()]).toEqual([
          code,
          ...faultOf(fixtures, code).expected.toSorted(),
        ]);
      }
    });
  }, 300_000);
});
