import { expect, test } from '@jest/globals';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOnPath, oracle } from '../support/oracles.ts';
import { bareEnvironment, type Ended, endOf, NODE, run, SHAPES, type Shape, start } from './shapes.ts';
import { treeOf, withDirectory } from './tree.ts';

const HOST = ['--host-ip', '192.0.2.10', '--hostname', 'cp1', '--key-algorithm', 'ECDSA-P256'];
const INIT = ['init', ...HOST, '--cert-dir', 'out/pki'];

const RENAMES = 'rename,renameat,renameat2';

/** Runs a command that is killed at one of its renames. */
async function killAt(count: number, shape: Shape, args: readonly string[], cwd: string): Promise<Ended> {
  const trace = ['-e', `trace=${RENAMES}`, '-e', `inject=${RENAMES}:signal=KILL:when=${count}`];
  const strace = ['/usr/bin/env', 'strace', '-f', '-qq', '-o', '/dev/null', ...trace];
  const env = { ...bareEnvironment(cwd), PATH: process.env['PATH'] ?? '' };
  return endOf(start([...strace, ...shape.command, ...args], { cwd, env }));
}

/** Renames at which a run is killed; it takes its two locks by rename, then commits, then puts each file in place. */
const MOMENTS = [
  ['the commit', 3, 'take it back', 'took back what it had begun', 'create'],
  ['the first file', 4, 'finish it', 'finished what it had begun', 'keep'],
  ['a file in the middle', 15, 'finish it', 'finished what it had begun', 'keep'],
  ['the last file', 29, 'finish it', 'finished what it had begun', 'keep'],
] as const;

oracle(
  'strace',
  isOnPath('strace'),
  'strace is not on the PATH',
)('a run that is killed', () => {
  test.each(SHAPES.flatMap((shape) => MOMENTS.map((moment) => [shape.name, ...moment, shape] as const)))(
    'on %s at %s is made known to those who only look, and made good by those who write',
    async (...[, , count, will, did, action, shape]) => {
      await withDirectory(async (cwd) => {
        const killed = await killAt(count, shape, INIT, cwd);
        expect(killed).toMatchObject({ signal: 'SIGKILL', stdout: '' });

        const before = treeOf(cwd);
        const dry = await run(shape, [...INIT, '--dry-run'], { cwd });
        expect(dry.stderr).toContain(
          `an earlier run was interrupted; the next run that writes will ${will} first`,
        );
        expect(treeOf(cwd)).toEqual(before);

        const { status, stdout, stderr } = await run(shape, INIT, { cwd });
        expect(status).toBe(0);
        expect(stderr).toBe(`notice: an earlier run was interrupted: ${did} (26 files)\n`);
        expect(stdout).toMatch(new RegExp(`^${action} +apiserver `, 'm'));
        expect(treeOf(cwd).filter((line) => line.includes('.k8s-pki'))).toEqual([]);
        expect(await run(shape, INIT, { cwd })).toMatchObject({ status: 0, stderr: '' });
      });
    },
    30_000,
  );
});

const configuration = (cwd: string): string => `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.37.2
certificatesDir: ${cwd}/out/pki
encryptionAlgorithm: ECDSA-P256
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: 192.0.2.10}
nodeRegistration: {name: cp1}
`;
const PHASE = ['init', 'phase'];
const OF_FILE = ['--config', 'kubeadm.yaml'];
const CERTS = [...PHASE, 'certs', 'all', ...OF_FILE];
const KUBECONFIGS = [...PHASE, 'kubeconfig', 'all', ...OF_FILE, '--kubeconfig-dir', 'out'];
const USER = 'kubeconfig user --client-name alice --cert-dir out/pki --output-file alice.conf'.split(' ');

/** What goes before, what is killed, how many files that makes, and its renames: the commit, the first file, the last one. */
const WORDS_OF_KUBEADM = [
  ['init phase certs all', [], CERTS, 22, [2, 3, 24]],
  ['init phase kubeconfig all', [CERTS], KUBECONFIGS, 5, [3, 4, 8]],
  ['kubeconfig user', [CERTS, KUBECONFIGS], USER, 1, [2, 3]],
] as const;

const filesAmong = (tree: readonly string[]): number => tree.filter((line) => line.startsWith('100')).length;

/** Whether the certificate of a kubeconfig is for the key in it, and nobody else can read either. */
function expectWholeUser(cwd: string): void {
  const path = join(cwd, 'alice.conf');
  const dataOf = (field: string): string => {
    const [, data = ''] = new RegExp(`${field}: (\\S+)`).exec(readFileSync(path, 'utf8')) ?? [];
    return Buffer.from(data, 'base64').toString('utf8');
  };
  const certificate = new X509Certificate(dataOf('client-certificate-data'));
  expect(certificate.checkPrivateKey(createPrivateKey(dataOf('client-key-data')))).toBe(true);
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
}

oracle(
  'strace',
  isOnPath('strace'),
  'strace is not on the PATH',
)('what a script of kubeadm calls and is killed', () => {
  test.each(
    SHAPES.flatMap((shape) =>
      WORDS_OF_KUBEADM.flatMap(([name, before, command, files, moments]) =>
        moments.map((count) => [name, shape.name, count, { shape, before, command, files }] as const),
      ),
    ),
  )(
    '%s on %s at rename %i has made nothing or, once the next run is through, everything',
    async (name, _, count, { shape, before, command, files }) => {
      await withDirectory(async (cwd) => {
        writeFileSync(join(cwd, 'kubeadm.yaml'), configuration(cwd));
        for (const args of before) expect(await run(NODE, args, { cwd })).toMatchObject({ status: 0 });
        const there = treeOf(cwd);
        expect(await killAt(count, shape, command, cwd)).toMatchObject({ signal: 'SIGKILL', stdout: '' });

        const again = await run(shape, command, { cwd });
        expect(again.stderr).toContain('notice: an earlier run was interrupted: ');
        // A kubeconfig that is there is never written over, and nobody can tell that it is the one of the run before.
        const isFinished = again.stderr.includes('finished what it had begun');
        expect(again.status).toBe(name === 'kubeconfig user' && isFinished ? 3 : 0);
        const now = treeOf(cwd);
        expect(now.filter((line) => line.includes('.k8s-pki'))).toEqual([]);
        expect(filesAmong(now)).toBe(filesAmong(there) + files);
        if (name === 'kubeconfig user') expectWholeUser(cwd);
        else {
          const audit = await run(shape, ['verify', 'out'], { cwd });
          expect(audit.stdout).not.toMatch(/^error: .*(?:mismatch|half-pair|unreadable)/m);
          expect(await run(shape, command, { cwd })).toMatchObject({ status: 0 });
          expect(treeOf(cwd)).toEqual(now);
        }
      });
    },
    60_000,
  );
});
