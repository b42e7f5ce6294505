import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  checkExpiration,
  type CheckExpirationOptions,
  type ClusterOptions,
  type Expiration,
  generateClusterPki,
  isPkiError,
  type PkiFile,
} from '../../src/index.ts';
import { keySource } from '../support/cluster.ts';

const NOW = new Date('2026-11-26T12:00:00Z');
const HOST = { hostIp: '192.0.2.10', hostname: 'cp1', keyAlgorithm: 'ECDSA-P256', now: NOW } as const;

async function made(options: ClusterOptions): Promise<readonly PkiFile[]> {
  return (await generateClusterPki({ ...HOST, generateKeyPair: keySource(), ...options })).files;
}

const check = (
  files: readonly PkiFile[],
  options: Omit<CheckExpirationOptions, 'files'> = {},
): Promise<readonly Expiration[]> => checkExpiration({ files, at: NOW, ...options });

const namesOf = (all: readonly Expiration[]): readonly string[] => all.map(({ name }) => name);
const missingOf = (all: readonly Expiration[]): readonly string[] =>
  namesOf(all.filter(({ certificate }) => certificate === undefined));
const externalOf = (all: readonly Expiration[]): readonly string[] =>
  namesOf(all.filter(({ isExternallyManaged }) => isExternallyManaged));

const without = (files: readonly PkiFile[], ...paths: readonly string[]): readonly PkiFile[] =>
  files.filter(({ path }) => !paths.includes(path));

let files: readonly PkiFile[];
beforeAll(async () => {
  files = await made({ profile: 'kubeadm' });
});

describe('which certificates are listed', () => {
  test('is 11 and 3 authorities in the kubeadm profile, by name, with what is left of each', async () => {
    const all = await check(files);
    expect(namesOf(all.filter(({ isAuthority }) => !isAuthority))).toEqual([
      'admin.conf',
      'apiserver',
      'apiserver-etcd-client',
      'apiserver-kubelet-client',
      'controller-manager.conf',
      'etcd-healthcheck-client',
      'etcd-peer',
      'etcd-server',
      'front-proxy-client',
      'scheduler.conf',
      'super-admin.conf',
    ]);
    expect(namesOf(all.filter(({ isAuthority }) => isAuthority))).toEqual([
      'ca',
      'etcd-ca',
      'front-proxy-ca',
    ]);
    expect(all.map(({ residualSeconds }) => residualSeconds)).toEqual(
      all.map(({ certificate }) => ((certificate?.notAfter.getTime() ?? 0) - NOW.getTime()) / 1000),
    );
    expect(missingOf(all)).toEqual([]);
  });

  test('is told from the files: of a row that only some have, also where it is gone', async () => {
    expect(missingOf(await check(without(files, 'super-admin.conf')))).toEqual(['super-admin.conf']);
    for (const options of [
      { profile: 'requirements' },
      { profile: 'kubeadm', kubernetesVersion: '1.28' },
    ] as const) {
      expect(namesOf(await check(await made(options)))).not.toContain('super-admin.conf');
    }
    const hardened = without(await made({ profile: 'hardened' }), 'super-admin.conf');
    expect(missingOf(await check(hardened))).toEqual(['super-admin.conf']);
  });

  test('is what is asked for, where it is', async () => {
    const old = { profile: 'kubeadm', kubernetesVersion: '1.28' } as const;
    expect(namesOf(await check(files, old))).not.toContain('super-admin.conf');
    expect(namesOf(await check(files, { externalEtcd: true }))).not.toContain('etcd-server');
    const nothing = check(files, { kubernetesVersion: '1.2' });
    await expect(nothing).rejects.toMatchObject({ code: 'ERR_CONFIG' });
    const error: unknown = await check(files, Object({ role: 'foo' })).catch((thrown: unknown) => thrown);
    expect(isPkiError(error, 'ERR_CONFIG')).toBe(true);
  });

  test('leaves out etcd where there is none of it, and all but its own on a worker and a member', async () => {
    const external = await check(await made({ profile: 'kubeadm', externalEtcd: true }));
    expect(external).toHaveLength(9);
    const worker = files.filter(({ path }) => ['pki/ca.crt', 'kubelet.conf'].includes(path));
    expect(namesOf(await check(worker))).toEqual(['ca']);
    expect(namesOf(await check(worker, { all: true }))).toEqual([
      'ca',
      'kubelet.conf',
      'kubelet.conf (cluster kubernetes)',
    ]);
    const member = files.filter(({ path }) => path.startsWith('pki/etcd/') && path !== 'pki/etcd/ca.key');
    expect(namesOf(await check(member))).toEqual([
      'etcd-ca',
      'etcd-healthcheck-client',
      'etcd-peer',
      'etcd-server',
    ]);
  });

  test('misses of what comes in Secrets only what should be in them', async () => {
    const some = files.filter(({ path }) => path === 'pki/ca.crt');
    const expected = ['pki/ca.crt', 'pki/etcd/ca.crt'];
    const all = await check(some, { role: 'control-plane', externalEtcd: false, expected });
    expect(namesOf(all)).toEqual(['ca', 'etcd-ca']);
  });

  test('has a root among the authorities, and with all the chains and the bundle', async () => {
    const rooted = await made({ rootCa: true });
    const authorities = (await check(rooted)).filter(({ isAuthority }) => isAuthority);
    expect(namesOf(authorities)).toEqual(['ca', 'etcd-ca', 'front-proxy-ca', 'root-ca']);
    expect(namesOf(await check(rooted, { all: true }))).toEqual(
      expect.arrayContaining([
        'apiserver (2 of 2)',
        'ca-chain (1 of 2)',
        'ca-chain (2 of 2)',
        'admin.conf (cluster default-cluster, 2 of 2)',
      ]),
    );
  });

  test('with all, has the certificates of files that no row has, and of the other users of a kubeconfig', async () => {
    const [peer] = files.filter(({ path }) => path === 'pki/etcd/peer.crt');
    const [admin] = files.filter(({ path }) => path === 'admin.conf');
    const [, user = ''] = /\nusers:\n([\s\S]*)$/.exec(admin?.contents ?? '') ?? [];
    const second = user.replace(/name: .*/, 'name: second');
    const all = await check(
      [
        ...without(files, 'admin.conf'),
        { path: 'admin.conf', contents: `${admin?.contents}${second}`, mode: 0o600 },
        { path: 'pki/of-nobody.crt', contents: peer?.contents ?? '', mode: 0o644 },
        { path: 'old.conf', contents: admin?.contents ?? '', mode: 0o600 },
        { path: 'pki/notes.txt', contents: 'notes', mode: 0o644 },
      ],
      { all: true },
    );
    expect(namesOf(all)).toEqual(
      expect.arrayContaining([
        'admin.conf (user second)',
        'pki/of-nobody.crt',
        'old.conf',
        'old.conf (cluster kubernetes)',
      ]),
    );
    expect(namesOf(all)).not.toContain('pki/notes.txt');
    const [nobody] = all.filter(({ name }) => name === 'pki/of-nobody.crt');
    expect(nobody).toMatchObject({ isAuthority: false, isExternallyManaged: false });
    expect(nobody).not.toHaveProperty('caName');
  });

  test('with all, has what a kubeconfig names for its certificate, or says that it is not there', async () => {
    const pem = '/var/lib/kubelet/pki/kubelet-client-current.pem';
    const [ca] = files.filter(({ path }) => path === 'pki/ca.crt');
    const [peer] = files.filter(({ path }) => path === 'pki/etcd/peer.crt');
    const authority = Buffer.from(ca?.contents ?? '').toString('base64');
    const contents = readFileSync('fixtures/kubelet/kubelet.conf', 'utf8').replace('AUTHORITY', authority);
    const named = [
      ...without(files, 'kubelet.conf'),
      { path: 'kubelet.conf', contents, mode: 0o600 },
      { path: pem, contents: peer?.contents ?? '', mode: 0o600 },
    ];
    const kubelet = (all: readonly Expiration[]): Expiration | undefined =>
      all.find(({ name }) => name === 'kubelet.conf');
    const found = await check(named, { all: true });
    expect(kubelet(found)).toMatchObject({ path: pem, caName: 'ca', certificate: expect.anything() });
    // It is listed once.
    expect(namesOf(found)).not.toContain(pem);
    const gone = kubelet(await check(without(named, pem), { all: true }));
    expect(gone?.obstacle).toBe(`names ${pem}, which was not looked at`);
  });
});

describe('what cannot be renewed here', () => {
  test('is what a CA signed whose certificate is there without its key', async () => {
    expect(externalOf(await check(files))).toEqual([]);
    expect(externalOf(await check(without(files, 'pki/front-proxy-ca.key')))).toEqual([
      'front-proxy-ca',
      'front-proxy-client',
    ]);
    const kubernetes = externalOf(await check(without(files, 'pki/ca.key'), { all: true }));
    expect(kubernetes).toEqual([
      'admin.conf',
      'apiserver',
      'apiserver-kubelet-client',
      'ca',
      'controller-manager.conf',
      'kubelet.conf',
      'scheduler.conf',
      'super-admin.conf',
    ]);
    expect(externalOf(await check(without(files, 'pki/ca.key', 'pki/ca.crt')))).toEqual([]);
  });
});
