import { beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentFile } from '../../src/checks/evidence.ts';
import { type ClusterPki, verifyClusterPki, type VerifyClusterPkiOptions } from '../../src/index.ts';
import { CIS_BENCHMARKS } from '../../src/table/cis.ts';
import { NOW, smallPki } from './small-pki.ts';

let pki: ClusterPki;
beforeAll(async () => {
  pki = await smallPki({ profile: 'hardened' });
});

/** `code path rule expected` of everything that the benchmark finds fault with. */
async function found(
  files: readonly PresentFile[],
  options: Omit<VerifyClusterPkiOptions, 'files'>,
): Promise<readonly string[]> {
  const { findings } = await verifyClusterPki({ files, at: NOW, profile: 'hardened', ...options });
  return findings
    .filter(({ code }) => code.startsWith('cis-'))
    .map(({ code, path, message, expected }) => {
      const [, rule] = /rule (.*) of the CIS/.exec(message) ?? [];
      return `${code} ${path} ${rule} ${expected}`;
    });
}

const withMode = (mode: number, paths: RegExp): readonly PresentFile[] =>
  pki.files.map((file) => (paths.test(file.path) ? { ...file, mode } : file));

test('the benchmarks stand in the order of the releases that they are for', () => {
  const minors = CIS_BENCHMARKS.map(({ sinceMinor }) => sinceMinor);
  expect(minors.toSorted((a, b) => a - b)).toEqual(minors);
  expect(new Set(minors).size).toBe(minors.length);
});

describe('the modes that a benchmark allows', () => {
  // As issue and benchmark have it: 644 up to 1.23, 600 in 1.24 and in 1.7 to 1.10, 644 again from 1.11 on.
  test.each([
    ['1.5', 0o644],
    ['1.6', 0o644],
    ['1.20', 0o644],
    ['1.23', 0o644],
    ['1.24', 0o600],
    ['1.7', 0o600],
    ['1.8', 0o600],
    ['1.9', 0o600],
    ['1.10', 0o600],
    ['1.11', 0o644],
    ['1.12', 0o644],
  ])('of version %s are %o for certificates', async (cis, limit) => {
    const files = withMode(0o644, /^pki\/apiserver\.crt$/);
    const own = (await found(files, { cis })).filter((line) => line.includes('pki/apiserver.crt'));
    expect(own).toEqual(limit === 0o644 ? [] : ['cis-file-mode pki/apiserver.crt 1.1.20 0600 or less']);
  });

  test.each([
    ['1.20', []],
    ['1.23', ['admin.conf 1.1.13', 'super-admin.conf 1.1.13']],
    [
      '1.12',
      [
        'admin.conf 1.1.13',
        'super-admin.conf 1.1.13',
        'kubelet.conf 4.1.5',
        'controller-manager.conf 1.1.17',
        'scheduler.conf 1.1.15',
      ],
    ],
  ])('of version %s are 0600 for these kubeconfigs', async (cis, expected) => {
    expect(await found(withMode(0o640, /\.conf$/), { cis })).toEqual(
      expected.map((line) => `cis-file-mode ${line} 0600 or less`),
    );
  });

  test('are 0600 for every key, whatever the version', async () => {
    for (const { version } of CIS_BENCHMARKS) {
      const lines = await found(withMode(0o640, /^pki\/ca\.key$/), { cis: version });
      expect(lines).toContain('cis-file-mode pki/ca.key 1.1.21 0600 or less');
    }
  });

  test('hold the certificate of the CA to the rule about clients as well', async () => {
    expect(await found(withMode(0o664, /^pki\/ca\.crt$/), { cis: '1.12' })).toEqual([
      'cis-file-mode pki/ca.crt 1.1.20 and 4.1.7 0644 or less',
    ]);
  });

  test('hold what the rules do not name, and say so', async () => {
    const key = pki.files.find(({ path }) => path === 'pki/apiserver.key')?.contents ?? '';
    const certificate = pki.files.find(({ path }) => path === 'pki/apiserver.crt')?.contents ?? '';
    const kubeconfig = pki.files.find(({ path }) => path === 'admin.conf')?.contents ?? '';
    const files = [
      ...withMode(0o664, /^pki\/sa\.pub$/),
      { path: 'pki/kubelet-client-current.pem', contents: certificate + key, mode: 0o640 },
      { path: 'pki/old.pem', contents: certificate, mode: 0o666 },
      { path: 'bob.conf', contents: kubeconfig, mode: 0o640 },
      { path: 'pki/README', contents: 'x', mode: 0o666 },
    ];
    expect(await found(files, { cis: '1.12' })).toEqual([
      'cis-file-mode pki/sa.pub 1.1.20 0644 or less',
      'cis-file-mode pki/kubelet-client-current.pem 1.1.21 0600 or less',
      'cis-file-mode pki/old.pem 1.1.20 0644 or less',
      'cis-file-mode bob.conf 1.1.13 0600 or less',
    ]);
    const { findings } = await verifyClusterPki({ files, at: NOW, profile: 'hardened', cis: '1.12' });
    const messages = findings.filter(({ code }) => code === 'cis-file-mode').map(({ message }) => message);
    expect(messages.every((message) => message.includes('though the rule does not name it'))).toBe(true);
  });

  test('are said to contradict kubeadm where they do', async () => {
    const { findings } = await verifyClusterPki({
      files: withMode(0o644, /^pki\/apiserver\.crt$/),
      at: NOW,
      profile: 'hardened',
      cis: '1.10',
    });
    expect(findings).toContainEqual(
      expect.objectContaining({
        severity: 'warning',
        path: 'pki/apiserver.crt',
        message:
          'is open to more than rule 1.1.20 of the CIS Kubernetes Benchmark 1.10 allows, as kubeadm itself has it',
        expected: '0600 or less',
        found: '0644',
      }),
    );
  });
});

test('everything belongs to root, the directories, too', async () => {
  const owner = { uid: 0, gid: 0 };
  const files = pki.files
    .filter(({ path }) => /^(?:pki\/ca\..*|scheduler\.conf)$/.test(path))
    .map((file) => ({ ...file, owner: { uid: 0, gid: 1000 } }));
  const directories = [
    { path: 'pki/', owner },
    { path: 'pki/etcd', owner: { uid: 107, gid: 0 } },
    { path: '.', owner: { uid: 1000, gid: 1000 } },
  ];
  const stray = { path: 'pki/notes', contents: '', owner: { uid: 1, gid: 1 } };
  expect(await found([...files, stray], { cis: '1.12', directories })).toEqual([
    'cis-file-owner pki/ca.crt 1.1.19 and 4.1.8 0:0',
    'cis-file-owner pki/ca.key 1.1.19 0:0',
    'cis-file-owner scheduler.conf 1.1.16 0:0',
    'cis-file-owner pki/notes 1.1.19 0:0',
    'cis-file-owner pki/etcd 1.1.19 0:0',
  ]);
});

describe('the benchmark', () => {
  const open = (): readonly PresentFile[] => withMode(0o666, /^pki\/ca\.crt$/);

  test.each([
    ['1.24', '1.24'],
    ['1.25', '1.7'],
    ['1.28.3', '1.10'],
    ['1.29', '1.11'],
    ['1.31', '1.11'],
    ['1.32', '1.12'],
    ['1.37', '1.12'],
  ])('for Kubernetes %s is %s', async (kubernetesVersion, cis) => {
    const { findings } = await verifyClusterPki({
      files: open(),
      at: NOW,
      profile: 'hardened',
      cis: 'auto',
      kubernetesVersion,
    });
    const message = findings.find(({ code }) => code === 'cis-file-mode')?.message;
    expect(message).toContain(`CIS Kubernetes Benchmark ${cis} `);
  });

  test('is asked for or not looked at, and has to be one', async () => {
    expect(await found(open(), {})).toEqual([]);
    await expect(found(open(), { cis: '1.13' })).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      detail: { issues: [{ option: 'cis', value: '1.13' }] },
    });
  });
});
