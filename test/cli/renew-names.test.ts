import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, SHAPES, type Shape } from './shapes.ts';
import { withDirectory } from './tree.ts';

// What kubeadm's own tests of `certs renew` and `check-expiration` ask (kubeadm.md 10: manager_test, filerenewer_test,
// readwriter_test, certs_test), asked of the command line.

const HOST = '--host-ip 192.0.2.10 --hostname cp1 --key-algorithm ECDSA-P256'.split(' ');
const CERT_DIR = ['--cert-dir', 'out/pki'];

/** By the name that kubeadm gives it: what lies in which files, and whose CA signs it. */
const NAMES: Readonly<Record<string, { readonly file: string; readonly ca: string }>> = {
  'admin.conf': { file: 'admin.conf', ca: 'ca' },
  apiserver: { file: 'pki/apiserver', ca: 'ca' },
  'apiserver-etcd-client': { file: 'pki/apiserver-etcd-client', ca: 'etcd/ca' },
  'apiserver-kubelet-client': { file: 'pki/apiserver-kubelet-client', ca: 'ca' },
  'controller-manager.conf': { file: 'controller-manager.conf', ca: 'ca' },
  'etcd-healthcheck-client': { file: 'pki/etcd/healthcheck-client', ca: 'etcd/ca' },
  'etcd-peer': { file: 'pki/etcd/peer', ca: 'etcd/ca' },
  'etcd-server': { file: 'pki/etcd/server', ca: 'etcd/ca' },
  'front-proxy-client': { file: 'pki/front-proxy-client', ca: 'front-proxy-ca' },
  'scheduler.conf': { file: 'scheduler.conf', ca: 'ca' },
  'super-admin.conf': { file: 'super-admin.conf', ca: 'ca' },
};
const AUTHORITIES = ['ca', 'etcd/ca', 'front-proxy-ca'];

const filesOf = (file: string): readonly string[] =>
  file.endsWith('.conf') ? [file] : [`${file}.crt`, `${file}.key`];
const ALL_FILES = [
  ...Object.values(NAMES).flatMap(({ file }) => filesOf(file)),
  ...AUTHORITIES.flatMap((ca) => [`pki/${ca}.crt`, `pki/${ca}.key`]),
  'kubelet.conf',
  'pki/sa.key',
  'pki/sa.pub',
];

/** The certificate of a name, and its key. */
function pairIn(out: string, file: string): { readonly certificate: X509Certificate; readonly key: string } {
  const [first = '', second = ''] = filesOf(file).map((path) => readFileSync(join(out, path), 'utf8'));
  if (!file.endsWith('.conf')) return { certificate: new X509Certificate(first), key: second };
  const field = (name: string): string => {
    const [, data = ''] = new RegExp(`${name}: (\\S+)`).exec(first) ?? [];
    return Buffer.from(data, 'base64').toString();
  };
  return {
    certificate: new X509Certificate(field('client-certificate-data')),
    key: field('client-key-data'),
  };
}

/** What openssl says. */
function openssl(cwd: string, ...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync('openssl', args, { cwd, encoding: 'utf8' });
  return `${stdout}${stderr}`.trim();
}

async function initialize(shape: Shape, cwd: string, ...options: readonly string[]): Promise<void> {
  const words = ['init', '--profile', 'kubeadm', ...HOST, ...CERT_DIR, ...options];
  expect(await run(shape, words, { cwd })).toMatchObject({ status: 0 });
}

const renew = async (
  shape: Shape,
  cwd: string,
  ...words: readonly string[]
): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> =>
  run(shape, ['certs', 'renew', ...words, ...CERT_DIR], { cwd });

describe.each(SHAPES)('on $name', (shape) => {
  test('each name renews its own files and no other: a new serial and a later end, all else of it as before', async () => {
    await withDirectory(async (cwd) => {
      await initialize(shape, cwd, '--cert-validity', '30d');
      for (const [name, { file, ca }] of Object.entries(NAMES)) {
        const before = join(cwd, 'before');
        rmSync(before, { recursive: true, force: true });
        cpSync(join(cwd, 'out'), before, { recursive: true });
        expect(await renew(shape, cwd, name)).toMatchObject({ status: 0 });
        const isOther = (path: string): boolean =>
          !readFileSync(join(before, path)).equals(readFileSync(join(cwd, 'out', path)));
        expect(ALL_FILES.filter(isOther)).toEqual(filesOf(file));

        const [was, is] = [before, join(cwd, 'out')].map((out) => pairIn(out, file).certificate);
        const { subject, subjectAltName, keyUsage, issuer } = is ?? {};
        expect({ subject, subjectAltName, keyUsage, issuer }).toEqual({
          subject: was?.subject,
          subjectAltName: was?.subjectAltName,
          keyUsage: was?.keyUsage,
          issuer: was?.issuer,
        });
        expect(is?.serialNumber).not.toBe(was?.serialNumber);
        expect(Date.parse(is?.validTo ?? '')).toBeGreaterThan(Date.parse(was?.validTo ?? ''));
        const { certificate, key } = pairIn(join(cwd, 'out'), file);
        writeFileSync(join(cwd, 'renewed.key'), key, { mode: 0o600 });
        writeFileSync(join(cwd, 'renewed.crt'), certificate.toString());
        const publicKey = openssl(cwd, 'pkey', '-in', 'renewed.key', '-pubout');
        expect(openssl(cwd, 'x509', '-in', 'renewed.crt', '-noout', '-pubkey')).toBe(publicKey);
        const isServer = name === 'apiserver' || name === 'etcd-server' || name === 'etcd-peer';
        const how = isServer ? ['sslserver', '-verify_hostname', 'cp1'] : ['sslclient'];
        const verify = ['verify', '-CAfile', `out/pki/${ca}.crt`, '-purpose', ...how, 'renewed.crt'];
        expect(openssl(cwd, ...verify)).toBe('renewed.crt: OK');
      }
    });
  }, 120_000);

  test.each([
    ['', 11],
    ['--external-etcd', 7],
    ['--kubernetes-version 1.28', 10],
    ['--kubernetes-version 1.28 --external-etcd', 6],
  ])('all of a cluster of %j are %i', async (options, count) => {
    await withDirectory(async (cwd) => {
      await initialize(shape, cwd, ...options.split(' ').filter((word) => word !== ''));
      const { status, stdout } = await renew(shape, cwd, 'all');
      expect({ status, stdout }).toEqual({
        status: 0,
        stdout: expect.stringMatching(new RegExp(`^${count} certificates renewed; `, 'm')),
      });
    });
  });

  test('a file that is missing, or something else in its place, is told of; a word that is no name is refused', async () => {
    await withDirectory(async (cwd) => {
      await initialize(shape, cwd);
      expect(await renew(shape, cwd, 'apiserver', 'extra')).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('there is no certificate called "extra"'),
      });
      expect(await renew(shape, cwd)).toMatchObject({ status: 2 });
      const check = async (): Promise<{
        readonly status: number | null;
        readonly lines: readonly string[];
      }> => {
        const { status, stdout } = await run(shape, ['certs', 'check-expiration', 'out'], { cwd });
        return { status, lines: stdout.split('\n').slice(0, -1) };
      };
      // Two heads, an empty line, eleven certificates and three authorities; keys are not needed for that.
      for (const ca of AUTHORITIES) rmSync(join(cwd, `out/pki/${ca}.key`));
      expect((await check()).lines).toHaveLength(17);
      rmSync(join(cwd, 'out/pki/apiserver.crt'));
      const { status, lines } = await check();
      expect(status).toBe(0);
      expect(lines).toHaveLength(17);
      expect(lines.filter((line) => line.startsWith('!MISSING!'))).toEqual([
        expect.stringMatching(/^!MISSING! apiserver +$/),
      ]);
      cpSync(join(cwd, 'out/pki/etcd'), join(cwd, 'out/pki/apiserver.crt'), { recursive: true });
      expect(await check()).toEqual({ status: 0, lines });
      rmSync(join(cwd, 'out/pki/apiserver.crt'), { recursive: true });
      symlinkSync('nothing', join(cwd, 'out/pki/apiserver.crt'));
      expect(await check()).toEqual({ status: 0, lines });
    });
  });
});
